"""Detections of a frame as flat rows in pixels, one per box and class, and rows as detections again."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from yowo.contracts import Detections
from yowo.errors import YowoError

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


class FrameRows(NamedTuple):
    """Detections of a frame, one row per box and class.

    Attributes:
        boxes_xyxy: float32 [n, 4], x1 y1 x2 y2 in pixels.
        scores: float32 [n], 0..1.
        labels: int64 [n], class from 0.
        owners: int64 [n], index of the box among those of the frame; several rows share the box of a person who does
            several things.
    """

    boxes_xyxy: Floats
    scores: Floats
    labels: Ints
    owners: Ints


def frame_rows(found: Detections, size: tuple[int, int], threshold: float, where: str) -> FrameRows:
    """Return the rows of a frame's detections; of a box with several classes, those from the threshold on.

    Args:
        found: See `Detections`; tensors on the CPU.
        size: Width and height of the frame in pixels.
        threshold: Least score, 0..1.
        where: Name of the frame for errors, such as "match, frame 12".

    Raises:
        YowoError: A box or score is NaN or infinite.
    """
    boxes, scores = found["boxes"].float().numpy().reshape(-1, 4), found["scores"].float().numpy()
    if not (np.isfinite(boxes).all() and np.isfinite(scores).all()):
        raise YowoError(
            f"{where}: a detection has a NaN or infinite box or score; expected numbers: the training has diverged, or "
            "the weights or the input are damaged"
        )
    if scores.ndim == 2:
        owners, labels = np.nonzero((scores >= threshold) & (scores != 0))
        scores = scores[owners, labels]
    else:
        owners = np.flatnonzero(scores >= threshold)
        scores, labels = scores[owners], found["labels"].long().numpy()[owners]
    return FrameRows(boxes[owners] * np.array([*size, *size], np.float32), scores, labels, owners)


def as_detections(rows: FrameRows, size: tuple[int, int], num_classes: int | None) -> Detections:
    """Return rows as the detections of a frame.

    Args:
        rows: The rows; those of an owner have one box, and owners are numbered from 0 by falling score.
        size: Width and height of the frame in pixels.
        num_classes: C where a person can have several classes, so that the scores are [N, C]; else None.
    """
    boxes = rows.boxes_xyxy / np.array([*size, *size], np.float32)
    if num_classes is None:
        return Detections(
            boxes=torch.from_numpy(boxes), scores=torch.from_numpy(rows.scores), labels=torch.from_numpy(rows.labels)
        )
    _, first = np.unique(rows.owners, return_index=True)
    scores = np.zeros((len(first), num_classes), np.float32)
    scores[rows.owners, rows.labels] = rows.scores
    return Detections(
        boxes=torch.from_numpy(boxes[first]),
        scores=torch.from_numpy(scores),
        confidence=torch.from_numpy(scores.max(axis=1, initial=0.0)),
    )
