"""Runs the evaluation programs of the released pipeline (yjh0410/PyTorch_YOWO) from a checkout, for comparison.

Run each function in a separate process, because it replaces `np.bool` and the module `cv2`.
"""

import contextlib
import io
import os
import re
import sys
import time
import types
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from yowo.errors import ConfigError
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.video_ap import VIDEO_THRESHOLDS
from yowo.evaluation.video_truth import Truth


def reference_videos(
    checkout: Path, table: DetectionTable, truth: Truth, num_classes: int, folder: str
) -> tuple[float, list[float]]:
    """Run the released video-mAP at six thresholds.

    Returns:
        CPU seconds, and the means as fractions.
    """
    program = _program(checkout, "evaluator.cal_video_mAP")
    seconds, means = 0.0, []
    for threshold in VIDEO_THRESHOLDS:
        wanted, found = _video_input(table, truth, num_classes)
        begin = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            percent = program.evaluate_videoAP(wanted, found, num_classes, threshold, True)
        seconds += time.process_time() - begin
        means.append(float(np.mean(percent)) / 100)
    return seconds, means


def reference_frames(
    checkout: Path, table: DetectionTable, truth: Truth, num_classes: int, folder: str
) -> tuple[float, float]:
    """Run the released frame-mAP on text files written for it.

    Returns:
        CPU seconds, and the mean as a fraction.
    """
    program = _program(checkout, "evaluator.cal_frame_mAP")
    places = {name: Path(folder) / name for name in ("truth", "found", "plots")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    _write_frames(table, truth, places["truth"], places["found"])
    before = Path.cwd()
    begin = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        lines = program.evaluate_frameAP(str(places["truth"]), str(places["found"]), 0.5, str(places["plots"]))
    seconds = time.process_time() - begin
    os.chdir(before)
    aps = [float(found[1]) for line in lines if (found := re.search(r"([\d.]+)%", str(line)))]
    return seconds, round(aps[-1] / 100, 6)


def reference_ava(
    checkout: Path, detections: Path, annotations: Path, exclude: Path, labels: Path
) -> tuple[float, float]:
    """Run the released AVA evaluation.

    Returns:
        CPU seconds, and the mean as a fraction.
    """
    program = _program(checkout, "evaluator.ava_eval_helper")
    kept: dict[str, Any] = {}
    original = program.run_evaluation

    def keep(*arguments: Any, **more: Any) -> Any:
        kept["result"] = original(*arguments, **more)
        return kept["result"]

    program.run_evaluation = keep
    begin = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        program.evaluate_ava_from_files(*(str(path) for path in (labels, annotations, detections, exclude)))
    seconds = time.process_time() - begin
    result = kept["result"]
    means = [value for name, value in (result or {}).items() if "mAP" in name]
    return seconds, float(means[0]) if means else float("nan")


def _program(checkout: Path, name: str) -> Any:
    """Import a module of the checkout, after adding names that newer versions of NumPy no longer have.

    Raises:
        ConfigError: The checkout does not exist or has no folder `evaluator`.
    """
    if not (checkout / "evaluator").is_dir():
        raise ConfigError(f"--reference {checkout}: expected a checkout of yjh0410/PyTorch_YOWO with evaluator/")
    sys.path.insert(0, str(checkout))
    sys.modules.setdefault("cv2", types.ModuleType("cv2"))
    for old, new in (("bool", bool), ("int", int), ("float", float), ("object", object)):
        if old not in np.__dict__:
            setattr(np, old, new)
    return import_module(name)


def _video_input(table: DetectionTable, truth: Truth, num_classes: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Convert ground truth and detections to the released program's input, with sortable names of the videos."""
    names = {name: f"{place:05d}" for place, name in enumerate(truth)}
    wanted: dict[str, Any] = {}
    for name, tubes in truth.items():
        rows = [
            np.concatenate([np.arange(t.start + 1, t.start + 1 + len(t.boxes))[:, None], t.boxes], axis=1).tolist()
            for t in tubes
        ]
        wanted[names[name]] = {"tubes": rows, "gt_classes": tubes[-1].label + 1 if tubes else 0}
    nothing = np.zeros((0, 5), dtype=np.float32)
    found: dict[str, Any] = {}
    for name, frames in zip(table.videos, table.num_frames.tolist(), strict=True):
        for frame in range(1, frames + 1):
            found[f"{names[name]}/{frame:05d}.jpg"] = dict.fromkeys(range(1, num_classes + 1), nothing)
    boxes = np.concatenate([table.box, table.score[:, None]], axis=1)
    keys = np.stack([table.video, table.frame, table.cls], axis=1)
    unique, inverse = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(inverse.reshape(-1), kind="stable")
    parts = np.split(boxes[order], np.searchsorted(inverse.reshape(-1)[order], np.arange(1, len(unique))))
    for (video, frame, label), part in zip(unique.tolist(), parts, strict=True):
        found[f"{names[table.videos[video]]}/{frame:05d}.jpg"][label + 1] = part
    return wanted, found


def _write_frames(table: DetectionTable, truth: Truth, truth_folder: Path, found_folder: Path) -> None:
    """Write one text file per frame, as the released program does, with detections in whole pixels."""
    annotated: dict[str, list[str]] = {}
    place = {name: f"{index:05d}" for index, name in enumerate(table.videos)}
    for name, tubes in truth.items():
        for tube in tubes:
            for offset, box in enumerate(tube.boxes.tolist()):
                corners = " ".join(f"{value:g}" for value in box)
                annotated.setdefault(f"{place[name]}_{tube.start + offset + 1:05d}", []).append(
                    f"{tube.label + 1} {corners}"
                )
    found: dict[str, list[str]] = {name: [] for name in annotated}
    rows = zip(table.video.tolist(), table.frame.tolist(), table.cls.tolist(), table.score, table.box, strict=True)
    for video, frame, label, score, box in rows:
        name = f"{video:05d}_{frame:05d}"
        if name in found:
            found[name].append(f"{label + 1} {score!s} {' '.join(str(round(float(value))) for value in box)}")
    for folder, files in ((truth_folder, annotated), (found_folder, found)):
        for name, lines in files.items():
            (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")
