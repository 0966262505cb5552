"""`yowo data check`: prints a table of errors and warnings of a project and sets the exit code."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from yowo.commands.options import OptionParser
from yowo.contracts import STRIDE
from yowo.errors import AnnotationError, ConfigError, DatasetError
from yowo.progress import working
from yowo.projects.checks import check_project
from yowo.projects.findings import ProjectReport
from yowo.projects.people import size_text
from yowo.projects.people_checks import InputSettings
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
    used = settings(options)
    with working(f"checking {options.root}", part=True):
        report = check_project(options.root, used)
    if report.boxes:
        print_table(console, contents(report, options.root))
    if report.inputs:
        print_table(console, inputs(report))
    if report.suggested is not None:
        suggested = f"suggested: {size_text(report.suggested)}, as experiment=custom_quick takes it"
        console.print(suggested, highlight=False, markup=False, soft_wrap=True)
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
    made.add_argument("--experiment", metavar="NAME", help="measure people at the input size of this experiment")
    made.add_argument(
        "--image-size", metavar="SIZE", help="measure people at this size: 224, or height and width as 192x256"
    )
    return made


def settings(options: argparse.Namespace) -> InputSettings | None:
    """Return what a training would use, as the options say it; None without options.

    Raises:
        ConfigError: The size is not one, or there is no such experiment.
    """
    found = None if options.experiment is None else settings_of(options.experiment, options.root)
    if options.image_size is None:
        return found
    sides = re.split(r"[x,]", options.image_size.strip("[] ").lower().replace(" ", ""))
    if len(sides) > 2 or not all(side.isdecimal() and int(side) and int(side) % STRIDE == 0 for side in sides):
        raise ConfigError(
            f"--image-size {options.image_size}: expected a multiple of {STRIDE}, or height and width as 192x256"
        )
    size = (int(sides[0]), int(sides[-1]))
    return (found or InputSettings())._replace(image_size=size, name=f"--image-size {options.image_size}")


def settings_of(experiment: str, root: Path) -> InputSettings | None:
    """Return what an experiment uses for a project; None if the project is too damaged to say.

    Raises:
        ConfigError: There is no such experiment.
    """
    from yowo.config.build import image_size  # Hydra and Lightning take a while to load
    from yowo.config.compose import compose_config

    quoted = str(root).replace("'", "\\'")
    try:
        config = compose_config("train", [f"experiment={experiment}", f"dataset.root='{quoted}'"])
    except (AnnotationError, DatasetError):
        return None
    rule = config.postprocess
    return InputSettings(
        image_size(config),
        len(config.dataset.anchors),
        rule.get("top_k"),
        rule.get("max_detections"),
        f"experiment={experiment}",
    )


def inputs(report: ProjectReport) -> Table:
    """Return a table of the sizes of people in pixels of the network's input: 10 %, half and 90 % are smaller."""
    table = Table("image_size", title="people in pixels of the network's input: 10 %, 50 %, 90 %", title_justify="left")
    for column in ("width", "height", f"share a cell of {STRIDE}"):
        table.add_column(column, justify="right")
    table.add_column("size of", overflow="fold")
    for name, measured in report.inputs.items():
        spans = [" ".join(f"{value:.0f}" for value in sides) for sides in (measured.widths, measured.heights)]
        size = "{} x {}".format(*measured.image_size)
        table.add_row(size, *spans, f"{100 * measured.sharing:.0f} %", escape(name))
    return table


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
