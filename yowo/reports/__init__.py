"""Results for people and programs: metrics.json, tables, charts, HTML pages, tables of many runs."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "class_chart": ["plot_class_ap"],
        "metrics_file": ["write_metrics"],
        "published": ["published_rows", "row_of"],
        "run_table": ["find_runs", "tabulate"],
        "score_page": ["write_ava_report", "write_video_report"],
        "score_tables": ["score_tables"],
    },
)
