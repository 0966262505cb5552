from pathlib import Path

from yowo.reports.run_chart import plot_runs
from yowo.reports.run_table import Run, tabulate


def test_a_picture_is_written(tmp_path):
    runs = [
        Run(Path(str(seed)), {"assigner": kind, "seed": str(seed)}, {"frame-mAP@0.5": value}, 1.0, 2.0)
        for kind, value in (("a", 30.0), ("b", 50.0))
        for seed in (0, 1)
    ]
    plot_runs(tabulate(runs), tmp_path / "report.png")
    assert (tmp_path / "report.png").stat().st_size > 2000
    plot_runs(tabulate(runs[:1]), tmp_path / "one.png")
    assert (tmp_path / "one.png").is_file()
