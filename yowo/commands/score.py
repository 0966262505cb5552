"""`yowo score`: score saved detections of any detector against published annotations."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from yowo.commands.options import OptionParser
from yowo.commands.output_paths import check_outputs
from yowo.progress import working
from yowo.reports.narrow_tables import print_table

EXAMPLES = """examples:
  yowo score --protocol ucf24 --detections det.npz --annotations finalAnnots.mat --output scores.json
  yowo score --protocol jhmdb21 --detections det.npz --annotations groundtruths_jhmdb.zip --linker trimmed
  yowo score --protocol ava --detections det.csv --annotations ava_val_v2.2.csv \\
             --exclude ava_val_excluded_timestamps_v2.2.csv"""

PROTOCOLS = ("ucf24", "jhmdb21", "ava")
"""Names in `yowo.evaluation.protocols.KINDS`."""
INPUTS = ("detections", "annotations", "split", "videos", "exclude", "labels")
"""Options that name files to read."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo score`.

    Raises:
        YowoError: A file cannot be used, or an option is invalid.
    """
    options = parser().parse_args(arguments)
    outputs = {f"--{key} {path}": path for key in ("output", "report") if (path := getattr(options, key))}
    inputs = {f"--{key} {path}": path for key in INPUTS if (path := getattr(options, key))}
    check_outputs(outputs, inputs, endings=(".json", ".html"))
    chosen = {name: value for name, value in vars(options).items() if name not in ("output", "report")}
    if options.iou is not None:
        chosen["iou"] = tuple(options.iou)
    from yowo.evaluation.protocols import score_files  # scipy takes a while to load
    from yowo.reports.metrics_file import write_metrics
    from yowo.reports.terminal_tables import score_tables

    with working(f"scoring {options.detections}"):
        scores = score_files(**chosen)
        metrics = scores.metrics()
    console = Console()
    for table in score_tables(metrics):
        print_table(console, table)
    if options.output is not None:
        write_metrics(options.output, metrics)
        console.print(f"metrics: {options.output}", highlight=False, soft_wrap=True)
    if options.report is not None:
        from yowo.reports.html_report import write_page  # matplotlib takes a while to load

        title = f"{options.detections.name}: {options.protocol}"
        write_page(options.report, title, metrics, scores.details())
        console.print(f"report: {options.report}", highlight=False, soft_wrap=True)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo score",
        description="Score saved detections: frame-mAP and video-mAP of UCF101-24 and JHMDB-21, mAP of AVA.",
        epilog=EXAMPLES,
    )
    made.add_argument("--protocol", choices=PROTOCOLS, required=True, help="whose rules to follow")
    made.add_argument("--detections", type=Path, required=True, help="npz (ucf24, jhmdb21) or official CSV (ava)")
    made.add_argument(
        "--annotations", type=Path, required=True, help="finalAnnots.mat; folder or zip of text files; official CSV"
    )
    made.add_argument("--split", type=Path, help="text file: the videos to score, one per line")
    made.add_argument("--videos", type=Path, help="text file: videos that exist without annotation, one per line")
    made.add_argument("--exclude", type=Path, help="ava: official CSV of excluded timestamps")
    made.add_argument("--labels", type=Path, help="other classes: .pbtxt (ava), or a text file with one name per line")
    made.add_argument("--linker", default="yowo", help="tubes: yowo (the protocol's), trimmed, online")
    made.add_argument("--iou", type=float, nargs="+", help="thresholds of video-mAP, or the one of AVA's mAP")
    made.add_argument(
        "--frames",
        choices=("annotated", "all"),
        default="annotated",
        help="frame-mAP over annotated frames (YOWO's papers), or over all (ACT, MOC)",
    )
    made.add_argument("--output", type=Path, help="metrics.json to write")
    made.add_argument("--report", type=Path, help="HTML report to write: one file that opens from disk")
    return made
