"""`yowo report`: the runs of a sweep, or any others, as one table, a CSV file and a picture."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from yowo.commands.options import OptionParser
from yowo.commands.output_paths import check_outputs
from yowo.reports.narrow_tables import print_table
from yowo.reports.run_settings import SEED
from yowo.reports.run_states import RunState, find_states, states_markdown, states_table
from yowo.reports.run_table import RunTable, as_csv, as_markdown, cells, find_runs, tabulate
from yowo.whole_file import whole_file

SPEED = "report_speed.png"
"""Accuracy against the time of a frame, where runs have timed detection."""
WRITTEN = ("report.md", "report.csv", "report.png", SPEED)
READ = (".json", ".yaml")
"""Endings of the files of a run that the table is made of."""
CHARTED = 2
"""Results that the picture shows: the first columns of the table."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo report`.

    Raises:
        YowoError: A folder is not there or holds no run.
    """
    options = parser().parse_args(arguments)
    output: Path = options.output or options.runs[0]
    others = find_states(options.runs)
    runs = find_runs(options.runs, may_be_none=bool(others))
    folders = [run.folder for run in runs] + [state.folder for state in others]
    read = {str(path): path for folder in folders for path in sorted(folder.glob("*.*")) if path.suffix in READ}
    check_outputs({str(output / name): output / name for name in WRITTEN}, read)
    table = tabulate(runs, others)
    console = Console()
    markdown = []
    if runs:
        print_table(console, _shown(table))
        markdown.append(as_markdown(table))
    if others:
        keys = (*table.keys, SEED)
        print_table(console, states_table(others, keys, options.runs[0]))
        console.print(_counted(len(runs), others), highlight=False)
        markdown.append(states_markdown(others, keys, options.runs[0]))
    for name, text in (("report.md", "\n".join(markdown)), ("report.csv", as_csv(table, others))):
        with whole_file(output / name) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
        console.print(str(output / name), highlight=False, soft_wrap=True)
    if not runs:
        return
    from yowo.reports.chart_output import save_picture  # matplotlib takes a while to load
    from yowo.reports.charts import run_bars
    from yowo.reports.speed_chart import speed_chart

    labels = [", ".join(row.settings) or "all runs" for row in table.rows]
    charted = {name: [row.values(name) for row in table.rows] for name in table.names[:CHARTED]}
    pictures = {"report.png": run_bars(labels, charted)}
    if table.timed:
        pictures[SPEED] = speed_chart(labels, [row.values("latency") for row in table.rows], charted)
    for name, figure in pictures.items():
        save_picture(figure, output / name)
        console.print(str(output / name), highlight=False, soft_wrap=True)


def _shown(table: RunTable) -> Table:
    header, rows = cells(table)
    shown = Table(header_style="bold")
    for place, name in enumerate(header):
        shown.add_column(name, justify="left" if place < len(table.keys) else "right")
    for row in rows:
        shown.add_row(*map(escape, row))
    return shown


def _counted(finished: int, others: Sequence[RunState]) -> str:
    """Return how many runs are finished, and how many in each other state."""
    counts = Counter(state.state for state in others)
    return ", ".join([f"{finished} finished", *(f"{count} {state}" for state, count in counts.items())])


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo report",
        description="Collect runs into one table: what differs between them, and their results. Runs that differ in "
        "their seed only share a row, with mean and standard deviation. Runs without a result follow: those that run, "
        "failed, were interrupted or pruned, and why. report_speed.png shows accuracy against the time of a frame, "
        "where runs have timed it (time_detection).",
        epilog="example: yowo report runs/train-sweep/2026-01-31_12-00-00",
    )
    made.add_argument("runs", type=Path, nargs="+", help="folders of runs or sweeps")
    made.add_argument("--output", type=Path, help="folder for report.md, report.csv, report*.png (default: the first)")
    return made
