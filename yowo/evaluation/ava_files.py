"""Write AVA's detections as the official CSV, and number the frames of two files in the same way."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from yowo.datasets.ava_annotation import AvaRows, Ints
from yowo.whole_file import whole_file


def write_ava_csv(path: Path | str, rows: AvaRows) -> None:
    """Write detections as the official CSV; the file appears when it is complete.

    Args:
        path: File to write; its folder is made if there is none.
        rows: The detections. Boxes get 5 decimals, scores 9 digits, so that their ranking is kept.

    Raises:
        YowoError: It cannot be written.
    """
    boxes, seconds, labels, scores = rows.boxes_norm.tolist(), rows.seconds.tolist(), rows.labels, rows.scores
    with whole_file(Path(path)) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for video, second, box, label, score in zip(
            rows.video.tolist(), seconds, boxes, labels.tolist(), scores.tolist(), strict=True
        ):
            corners = [f"{value:.5f}" for value in box]
            writer.writerow([rows.videos[video], f"{second:04g}", *corners, label, f"{score:.9g}"])


def frame_numbers(truth: AvaRows, detections: AvaRows, keep: Sequence[str] = ()) -> tuple[Ints, Ints]:
    """Give each frame (video and second) one number in both tables, in the order of the videos' names and of time.

    Args:
        truth: Ground truth.
        detections: Detections.
        keep: Further videos, beside those of the tables.

    Returns:
        Frame numbers int64 [n] of the rows of `truth`, and int64 [m] of those of `detections`.
    """
    names = sorted({*truth.videos, *detections.videos, *keep})
    place = {name: number for number, name in enumerate(names)}
    own = [np.array([place[name] for name in rows.videos], dtype=np.int64) for rows in (truth, detections)]
    video = np.concatenate([own[0][truth.video], own[1][detections.video]])
    seconds = np.concatenate([truth.seconds, detections.seconds])
    order = np.lexsort((seconds, video))
    new = (np.diff(video[order], prepend=-1) != 0) | (np.diff(seconds[order], prepend=np.nan) != 0)
    numbers = np.empty(len(video), dtype=np.int64)
    numbers[order] = np.cumsum(new) - 1
    return numbers[: len(truth.video)], numbers[len(truth.video) :]
