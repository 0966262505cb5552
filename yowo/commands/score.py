"""`yowo score`: saved detections of any detector against published annotations."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from yowo.datasets.class_lists import PROTOCOLS
from yowo.evaluation.ava_protocol import ava_metrics, score_ava
from yowo.evaluation.video_protocol import score_videos, video_metrics
from yowo.reports.metrics_file import write_metrics
from yowo.reports.score_page import write_ava_report, write_video_report
from yowo.reports.score_tables import score_tables

EXAMPLES = """examples:
  yowo score --protocol ucf24 --detections det.npz --annotations finalAnnots.mat --output scores.json
  yowo score --protocol jhmdb21 --detections det.npz --annotations groundtruths_jhmdb.zip --linker trimmed
  yowo score --protocol ava --detections det.csv --annotations ava_val_v2.2.csv \\
             --exclude ava_val_excluded_timestamps_v2.2.csv"""


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo score`."""
    options = parser().parse_args(arguments)
    chosen = {name: value for name, value in vars(options).items() if name not in ("output", "report")}
    if options.iou is not None:
        chosen["iou"] = tuple(options.iou)
    metrics, write_report = _scored(chosen)
    console = Console()
    for table in score_tables(metrics):
        console.print(table)
    if options.output is not None:
        write_metrics(options.output, metrics)
        console.print(f"metrics: {options.output}", highlight=False, soft_wrap=True)
    if options.report is not None:
        write_report(options.report)
        console.print(f"report: {options.report}", highlight=False, soft_wrap=True)


def _scored(chosen: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Path], None]]:
    """Score, and return what writes the report on it."""
    protocol = chosen.pop("protocol")
    title = f"{chosen['detections'].name}: {protocol}"
    if protocol == "ava":
        found, classes = score_ava(**{k: v for k, v in chosen.items() if k not in ("linker", "frames")})
        return ava_metrics(found, classes), lambda path: write_ava_report(found, classes, path, title)
    scores = score_videos(protocol=protocol, **{k: v for k, v in chosen.items() if k != "exclude"})
    return video_metrics(scores, protocol), lambda path: write_video_report(scores, path, title, protocol)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="yowo score",
        description="Score saved detections: frame-mAP and video-mAP of UCF101-24 and JHMDB-21, mAP of AVA.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--protocol", choices=PROTOCOLS, required=True, help="whose rules")
    made.add_argument("--detections", type=Path, required=True, help="npz (ucf24, jhmdb21) or official CSV (ava)")
    made.add_argument(
        "--annotations", type=Path, required=True, help="finalAnnots.mat; folder or zip of text files; official CSV"
    )
    made.add_argument("--split", type=Path, help="text file: the videos to score, one a line")
    made.add_argument("--videos", type=Path, help="text file: videos that exist without annotation, one a line")
    made.add_argument("--exclude", type=Path, help="ava: official CSV of excluded timestamps")
    made.add_argument("--labels", type=Path, help="other classes: .pbtxt (ava), or a text file with one name a line")
    made.add_argument("--linker", default="yowo", help="tubes: yowo (the protocol's), trimmed, online")
    made.add_argument("--iou", type=float, nargs="+", help="thresholds of video-mAP; the one of AVA's mAP")
    made.add_argument(
        "--frames",
        choices=("annotated", "all"),
        default="annotated",
        help="frame-mAP over annotated frames (YOWO's papers), or over all (ACT, MOC)",
    )
    made.add_argument("--output", type=Path, help="metrics.json to write")
    made.add_argument("--report", type=Path, help="HTML report to write: one file that opens from disk")
    return made
