"""Which action is recognised in which: the classes of true boxes against those of the detections that lie on them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yowo.evaluation.error_types import NEAR
from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes, best_overlaps


@dataclass(frozen=True, slots=True)
class ClassConfusion:
    """Confusion of classes on frames.

    Attributes:
        counts: int64 [C, C + 1], true boxes by their class (row) and by the class of the detection of highest score
            that overlaps them with an IoU of at least 0.5 (column); the last column are those without one.
    """

    counts: NDArray[np.int64]


def class_confusion(detections: ScoredBoxes, truth: LabelledBoxes, num_classes: int) -> ClassConfusion:
    """Count true boxes by their class and the class that was seen in them.

    A detection of any class and score counts for the true box of its frame that it overlaps best; it can count for
    one box only.

    Args:
        detections: Boxes in pixels.
        truth: Boxes in the same pixels, one row for each box and class.
        num_classes: C; labels are below it.

    Returns:
        The counts; they add up to the number of true boxes.

    >>> truth = LabelledBoxes(np.array([0, 1]), np.array([0, 1]), np.array([[0.0, 0, 9, 9]] * 2))
    >>> boxes = np.array([[0.0, 0, 9, 9]] * 2)
    >>> found = ScoredBoxes(np.array([0, 0]), np.array([0, 1]), boxes, np.array([0.4, 0.6]))
    >>> class_confusion(found, truth, 2).counts.tolist()
    [[0, 1, 0], [0, 0, 1]]
    """
    overlap, owner = best_overlaps(detections.frames, detections.boxes_xyxy, truth.frames, truth.boxes_xyxy)
    near = np.flatnonzero(overlap >= NEAR)
    best_first = near[np.lexsort((near, -detections.scores[near]))]
    owners, first = np.unique(owner[best_first], return_index=True)
    seen_as = np.full(len(truth.labels), num_classes, dtype=np.int64)
    seen_as[owners] = detections.labels[best_first[first]]
    counts = np.zeros((num_classes, num_classes + 1), np.int64)
    np.add.at(counts, (truth.labels, seen_as), 1)
    return ClassConfusion(counts)
