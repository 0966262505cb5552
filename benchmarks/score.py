"""CPU seconds of our evaluation and of the released evaluation programs on the same detections, in one run.

python -m benchmarks.score --reference CHECKOUT [--detections det.npz --annotations finalAnnots.mat]
    [--ava-detections det.csv --ava-annotations gt.csv --ava-exclude excluded.csv --ava-labels actions.pbtxt]

CHECKOUT is a checkout of yjh0410/PyTorch_YOWO; its programs run in separate processes, which takes minutes. The results
of both must agree. Without files it measures on generated videos.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.released_evaluation import reference_ava, reference_frames, reference_videos
from yowo.commands.bench.score import apart, load, made_up, score_frames_only, score_videos_only, timed
from yowo.commands.bench.score import parser as score_parser
from yowo.datasets.class_lists import class_names
from yowo.errors import ConfigError
from yowo.evaluation.ava_protocol import score_ava

ROUNDED = 6e-5
"""Largest difference of equal results: the released frame-mAP is printed in percent with two decimals."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both programs and print a table.

    Raises:
        ConfigError: `--reference` is not a checkout of the released code, or the results differ.
    """
    parser = score_parser()
    parser.prog = "python -m benchmarks.score"
    parser.add_argument("--reference", type=Path, required=True, help="checkout of the released pipeline")
    options = parser.parse_args(arguments)
    classes = list(class_names("ucf24").values())
    table = Table("what", title="CPU seconds on the same detections", header_style="bold")
    for name in ("yowo", "released", "ratio"):
        table.add_column(name, justify="right")
    if options.detections is None:
        detections, truth = made_up(72, len(classes))
    else:
        detections, truth = load(options.detections, options.annotations, classes)
    jobs: list[tuple[str, Callable[..., Any], Callable[..., Any]]] = [
        ("frame-mAP@0.5 (released: with reading of text)", score_frames_only, reference_frames),
        ("video-mAP at six thresholds", score_videos_only, reference_videos),
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name, ours, theirs in jobs:
            seconds, result = timed(ours, detections, truth, len(classes))
            other, expected = apart(theirs, (options.reference, detections, truth, len(classes), folder))
            table.add_row(name, f"{seconds:.2f}", f"{other:.2f}", f"{other / seconds:.0f}")
            require_equal(name, result, expected)
    if options.ava_detections is not None:
        _ava_row(table, options)
    Console().print(table)


def _ava_row(table: Table, options: argparse.Namespace) -> None:
    files = (options.ava_detections, options.ava_annotations, None, None, options.ava_exclude, options.ava_labels)
    seconds, result = timed(score_ava, *files)
    name = "AVA, four rules (released: one), with reading"
    theirs = (options.ava_detections, options.ava_annotations, options.ava_exclude, options.ava_labels)
    other, expected = apart(reference_ava, (options.reference, *theirs))
    table.add_row(name, f"{seconds:.2f}", f"{other:.2f}", f"{other / seconds:.0f}")
    require_equal(name, result[0]["released"].map, expected)


def require_equal(name: str, ours: Any, theirs: Any) -> None:
    """Check that both programs give the same result.

    Args:
        name: Name of the metric, for the error message.
        ours: Result of this package: a number, a sequence, or a dict of numbers.
        theirs: Result of the released program: a number or a sequence.

    Raises:
        ConfigError: The results differ.
    """
    if not np.allclose(list(ours.values()) if isinstance(ours, dict) else ours, theirs, atol=ROUNDED):
        raise ConfigError(
            f"{name}: expected equal results, got {ours} from yowo and {theirs} from the released program"
        )


if __name__ == "__main__":
    main()
