"""`yowo report`: the runs of a sweep, or any others, as one table, a CSV file and a picture."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from yowo.commands.options import OptionParser
from yowo.commands.output_paths import check_outputs
from yowo.reports.narrow_tables import print_table
from yowo.reports.run_table import as_csv, as_markdown, cells, find_runs, tabulate
from yowo.whole_file import whole_file

WRITTEN = ("report.md", "report.csv", "report.png")
READ = (".json", ".yaml")
"""Endings of the files of a run that the table is made of."""
CHARTED = 2
"""Results that the picture shows: the first columns of the table."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo report`.

    Raises:
        YowoError: A folder is not there or holds no finished run.
    """
    options = parser().parse_args(arguments)
    output: Path = options.output or options.runs[0]
    runs = find_runs(options.runs)
    read = {str(path): path for run in runs for path in sorted(run.folder.glob("*.*")) if path.suffix in READ}
    check_outputs({str(output / name): output / name for name in WRITTEN}, read)
    table = tabulate(runs)
    header, rows = cells(table)
    shown = Table(header_style="bold")
    for place, name in enumerate(header):
        shown.add_column(name, justify="left" if place < len(table.keys) else "right")
    for row in rows:
        shown.add_row(*map(escape, row))
    console = Console()
    print_table(console, shown)
    for name, text in (("report.md", as_markdown(table)), ("report.csv", as_csv(table))):
        with whole_file(output / name) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
        console.print(str(output / name), highlight=False, soft_wrap=True)
    from yowo.reports.chart_output import save_picture  # matplotlib takes a while to load
    from yowo.reports.charts import run_bars

    labels = [", ".join(row.settings) or "all runs" for row in table.rows]
    charted = {name: [row.values(name) for row in table.rows] for name in table.names[:CHARTED]}
    save_picture(run_bars(labels, charted), output / "report.png")
    console.print(str(output / "report.png"), highlight=False, soft_wrap=True)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo report",
        description="Collect finished runs into one table: what differs between them, and their results. Runs that "
        "differ in their seed only share a row, with mean and standard deviation.",
        epilog="example: yowo report runs/train-sweep/2026-01-31_12-00-00",
    )
    made.add_argument("runs", type=Path, nargs="+", help="folders of runs or sweeps")
    made.add_argument("--output", type=Path, help="folder for report.md, report.csv, report.png (default: the first)")
    return made
