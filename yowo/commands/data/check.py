"""`yowo data check`: prints a table of errors and warnings of a project and sets the exit code."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from yowo.commands.options import OptionParser
from yowo.progress import working
from yowo.projects.checks import ProjectReport, check_project
from yowo.projects.project import SPLITS
from yowo.reports.narrow_tables import print_table

EXIT_UNSOUND = 1
EPILOG = """exit code: 0 if there are no errors (warnings can be intended), 1 if there are"""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo data check`; the exit code is 1 if the project has an error.

    Raises:
        DatasetError: The folder is not a project.
    """
    options = parser().parse_args(arguments)
    console = Console()
    with working(f"checking {options.root}", sign=False):
        report = check_project(options.root)
    if report.boxes:
        print_table(console, contents(report, options.root))
    if report.findings:
        print_table(console, findings(report))
    errors = sum(finding.level == "error" for finding in report.findings)
    warnings = len(report.findings) - errors
    console.print(
        f"{options.root}: {errors} errors, {warnings} warnings", highlight=False, markup=False, soft_wrap=True
    )
    if not report.sound:
        sys.exit(EXIT_UNSOUND)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo data check",
        description="Find unreadable videos, invalid boxes and frames, leaks between splits, imbalance and more.",
        epilog=EPILOG,
    )
    made.add_argument("root", type=Path, help="folder of a project, as yowo data import writes it")
    return made


def contents(report: ProjectReport, root: Path) -> Table:
    """Return a table of the number of boxes by class and split."""
    title = f"{escape(str(root))}: {report.tracks} tracks on {report.frames} annotated frames"
    table = Table("class", title=title, title_justify="left")
    for split in SPLITS:
        table.add_column(f"{split} ({len(report.videos[split])} videos)", justify="right")
    for name in sorted(set().union(*report.boxes.values())):
        table.add_row(escape(name), *(str(report.boxes[split][name]) for split in SPLITS))
    return table


def findings(report: ProjectReport) -> Table:
    """Return a table of the findings, errors first."""
    table = Table("", "problem", title="findings", title_justify="left")
    table.add_column("times", justify="right")
    table.add_column("first place", overflow="fold")
    table.add_column("what to do", overflow="fold")
    for finding in report.findings:
        style = "red" if finding.level == "error" else "yellow"
        table.add_row(
            f"[{style}]{finding.level}[/]",
            *map(escape, (finding.what, str(finding.times), finding.where, finding.advice)),
        )
    return table
