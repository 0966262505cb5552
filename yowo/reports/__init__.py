"""Results for people and programs: metrics.json, tables, charts, HTML pages, tables of many runs."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "chart_output": ["inline_svg", "save_picture"],
        "charts": ["class_bars", "run_bars"],
        "html_report": ["write_page"],
        "metrics_file": ["write_metrics"],
        "published": ["published_rows", "row_of"],
        "run_table": ["find_runs", "tabulate"],
        "terminal_tables": ["score_tables"],
    },
)
