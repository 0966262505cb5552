"""`yowo bench score`: CPU seconds and memory of the evaluation protocols."""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from yowo.commands.options import OptionParser
from yowo.contracts import Tube
from yowo.datasets.class_lists import class_names
from yowo.errors import ConfigError
from yowo.evaluation.ava_protocol import score_ava
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.frame_ap import frame_average_precision
from yowo.evaluation.frame_matching import ScoredBoxes
from yowo.evaluation.linked_tubes import link_table
from yowo.evaluation.video_ap import VIDEO_THRESHOLDS, video_average_precision
from yowo.evaluation.video_protocol import score_table
from yowo.evaluation.video_truth import Truth, frame_boxes, read_truth
from yowo.progress import working
from yowo.reports.narrow_tables import print_table
from yowo.tubes.linkers import make_linker

EPILOG = """Without files it measures on 72 generated videos with two actors each. All times are CPU seconds."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo bench score`.

    Raises:
        ConfigError: Only one of --detections and --annotations is given.
    """
    options = parser().parse_args(arguments)
    if (options.detections is None) != (options.annotations is None):
        raise ConfigError("yowo bench score: expected both --detections and --annotations or neither, got one of them")
    classes = list(class_names("ucf24").values())
    with tempfile.TemporaryDirectory() as folder, working("measuring the protocols"):
        table = Table("what", title="scoring", header_style="bold")
        table.add_column("CPU seconds", justify="right")
        if options.detections is None:
            detections, truth = made_up(72, len(classes))
            detections.save(Path(folder) / "made.npz")
        else:
            detections, truth = load(options.detections, options.annotations, classes)
        for name, job in (
            ("frame-mAP@0.5", score_frames_only),
            ("video-mAP at six thresholds", score_videos_only),
        ):
            table.add_row(name, f"{timed(job, detections, truth, len(classes))[0]:.2f}")
        if options.ava_detections is not None:
            files = (options.ava_detections, options.ava_annotations, None, None, options.ava_exclude)
            table.add_row("AVA, four rules, with reading", f"{timed(score_ava, *files, options.ava_labels)[0]:.2f}")
        console = Console()
        print_table(console, table)
        seconds, mebibytes = apart(score_tiled, (detections, truth, classes, options.tile))
        console.print(
            f"all ucf24 metrics on {options.tile} videos (tiled): {seconds:.1f} CPU seconds, peak memory "
            f"{mebibytes:.0f} MiB",
            highlight=False,
        )


def load(detections: Path, annotations: Path, classes: Sequence[str]) -> tuple[DetectionTable, Truth]:
    """Read detections and the ground truth of their videos.

    Args:
        detections: npz file of detections.
        annotations: finalAnnots.mat.
        classes: Names of the classes in order.
    """
    table = DetectionTable.load(detections, num_classes=len(classes))
    known = read_truth(annotations, classes)
    return table, {name: known[name] for name in table.videos}


def score_videos_only(table: DetectionTable, truth: Truth, num_classes: int) -> dict[str, float]:
    """Return video-mAP, 0..1, at each of the paper's six thresholds; detections are linked once."""
    tubes = link_table(make_linker("yowo"), table, num_classes)
    scores = video_average_precision(tubes, truth, num_classes, VIDEO_THRESHOLDS, strict=False)
    return {name: score.map for name, score in scores.items()}


def score_frames_only(table: DetectionTable, truth: Truth, num_classes: int) -> float:
    """Return frame-mAP, 0..1."""
    before = np.cumsum(table.num_frames, dtype=np.int64) - table.num_frames
    boxes = frame_boxes(truth, dict(zip(table.videos, before.tolist(), strict=True)))
    found = ScoredBoxes(table.frame_numbers(), table.cls.astype(np.int64), table.box.astype(np.float64), table.score)
    return frame_average_precision(found, boxes, num_classes).map


def timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """Return the CPU seconds of the better of two runs, and the result."""
    best, result = float("inf"), None
    for _ in range(2):
        begin = time.process_time()
        result = work(*arguments)
        best = min(best, time.process_time() - begin)
    return best, result


def apart(work: Callable[..., tuple[float, Any]], arguments: tuple[Any, ...]) -> tuple[float, Any]:
    """Run a job in a new process, so that its peak memory can be measured and its imports do not remain."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def score_tiled(table: DetectionTable, truth: Truth, classes: Sequence[str], count: int) -> tuple[float, float]:
    """Repeat the videos until there are `count`, and compute all metrics.

    Returns:
        CPU seconds, and peak memory of the process in MiB.
    """
    many, wanted = tiled(table, truth, count)
    begin = time.process_time()
    score_table(many, wanted, classes)
    seconds = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return seconds, peak / (2**20 if sys.platform == "darwin" else 2**10)


def tiled(table: DetectionTable, truth: Truth, count: int, seed: int = 0) -> tuple[DetectionTable, Truth]:
    """Repeat videos until there are `count`, with slightly different scores.

    Args:
        table: Detections.
        truth: Ground truth of their videos.
        count: Number of videos.
        seed: Seed of the noise that is added to the scores, 0 to 1e-4.

    Returns:
        Detections and ground truth of `count` videos.
    """
    order = np.argsort(table.video, kind="stable")
    bounds = np.searchsorted(table.video[order], np.arange(len(table.videos) + 1))
    source = np.arange(count) % len(table.videos)
    rows = np.concatenate([order[bounds[index] : bounds[index + 1]] for index in source])
    sizes = np.diff(bounds)[source]
    names = [f"{table.videos[index]}_{copy}" for copy, index in enumerate(source.tolist())]
    noise = np.random.default_rng(seed).random(len(rows), dtype=np.float32) * np.float32(1e-4)
    many = DetectionTable(
        videos=tuple(names),
        num_frames=table.num_frames[source],
        video=np.repeat(np.arange(count, dtype=np.int32), sizes),
        frame=table.frame[rows],
        cls=table.cls[rows],
        score=table.score[rows] + noise,
        box=table.box[rows],
    )
    return many, {name: truth[table.videos[index]] for name, index in zip(names, source.tolist(), strict=True)}


def made_up(count: int, num_classes: int, seed: int = 0) -> tuple[DetectionTable, Truth]:
    """Generate videos of two actors each, with noisy boxes, weak duplicates, and boxes of other classes.

    Args:
        count: Number of videos.
        num_classes: Number of classes.
        seed: Seed of the random generator.

    Returns:
        Detections and ground truth.
    """
    random = np.random.default_rng(seed)
    columns: list[list[Any]] = [[], [], [], [], []]
    lengths = random.integers(80, 320, count)
    truth: Truth = {}
    for video, length in enumerate(lengths.tolist()):
        label = video % num_classes
        tubes = []
        for _ in range(2):
            corner = random.uniform([0, 0], [200, 120]) + np.cumsum(random.normal(0, 1, (length, 2)), axis=0)
            boxes = np.concatenate([corner, corner + np.array([60, 100])], axis=1)
            start, end = sorted(random.integers(0, length, 2).tolist())
            if end - start > 10:
                tubes.append(Tube(label, start, np.rint(boxes[start:end]).astype(np.float32)))
            for offset, kind in ((0, label), (6, label), (3, int(random.integers(num_classes)))):
                columns[0].append(np.full(length, video))
                columns[1].append(np.arange(1, length + 1))
                columns[2].append(np.full(length, kind))
                columns[3].append(random.random(length) * (1 if offset == 0 else 0.3))
                columns[4].append(boxes + random.normal(offset, 2, boxes.shape))
        truth[f"made/{video:04d}"] = tubes
    video_, frame, label_, score, box = (np.concatenate(column) for column in columns)
    table = DetectionTable(
        videos=tuple(truth),
        num_frames=lengths.astype(np.int32),
        video=video_.astype(np.int32),
        frame=frame.astype(np.int32),
        cls=label_.astype(np.int32),
        score=score.astype(np.float32),
        box=np.concatenate([box[:, :2], np.maximum(box[:, :2] + 1, box[:, 2:])], axis=1).astype(np.float32),
    )
    return table, truth


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo bench score",
        description="CPU seconds of frame-mAP, video-mAP and AVA's mAP.",
        epilog=EPILOG,
    )
    made.add_argument("--detections", type=Path, help="npz of detections on UCF101-24")
    made.add_argument("--annotations", type=Path, help="finalAnnots.mat")
    made.add_argument("--ava-detections", type=Path, help="official CSV")
    made.add_argument("--ava-annotations", type=Path, help="official CSV")
    made.add_argument("--ava-exclude", type=Path, help="official CSV of excluded timestamps")
    made.add_argument("--ava-labels", type=Path, help="official list of the 60 classes (.pbtxt)")
    made.add_argument(
        "--tile", type=int, default=910, help="number of videos of the large set (910, as in the full test set)"
    )
    return made
