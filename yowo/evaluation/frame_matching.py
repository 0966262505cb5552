"""Find the ground-truth box that each detection is compared with: the step that all IoU thresholds of frame-mAP share.

There is no loop over boxes: pairs of one class and frame are laid out in flat arrays.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yowo.evaluation.pixel_iou import pixel_iou

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledBoxes:
    """Ground-truth boxes of many frames, one row per box; rows of a frame are in the order of its annotation.

    Attributes:
        frames: int64 [n], number of the frame; detections of equal scores are ranked by it.
        labels: int64 [n], class from 0.
        boxes_xyxy: float64 [n, 4], x1 y1 x2 y2 in pixels.
    """

    frames: Ints
    labels: Ints
    boxes_xyxy: Floats


@dataclass(frozen=True, slots=True)
class ScoredBoxes(LabelledBoxes):
    """Detected boxes of many frames, one row per box and class.

    Attributes:
        scores: float [n], finite.
    """

    scores: NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class RankedMatches:
    """The detections of one class, best score first, and the ground truth that each is compared with.

    Attributes:
        overlap: float64 [n], highest IoU with a ground-truth box of the class in the frame; 0 where there is none.
        truth: int64 [n], position of that box among the class's; -1 where there is none.
        num_truth: Number of ground-truth boxes of the class.
    """

    overlap: Floats
    truth: Ints
    num_truth: int

    def hits(self, iou_threshold: float) -> NDArray[np.bool_]:
        """Mark the true positives of the ranking.

        A detection is one if its IoU is at least `iou_threshold` and no detection before it took the same ground truth;
        there is no second choice (rule 4 of the UCF101-24 frame-mAP).

        Args:
            iou_threshold: Least IoU, above 0.

        Returns:
            bool [n].
        """
        near = np.flatnonzero(self.overlap >= iou_threshold)
        _, first = np.unique(self.truth[near], return_index=True)
        found = np.zeros(len(self.overlap), dtype=np.bool_)
        found[near[first]] = True
        return found


def match_by_class(detections: ScoredBoxes, truth: LabelledBoxes, num_classes: int) -> list[RankedMatches]:
    """Rank the detections of each class and find the ground truth that each is compared with.

    Ranking is by falling score; ties are ranked by frame number, then by row (rule 4 of the
    UCF101-24 frame-mAP). Boxes are taken as they are, in inclusive pixels; see `yowo.evaluation.pixel_iou`.

    Args:
        detections: All detections, boxes in pixels.
        truth: All ground truth, boxes in the same pixels.
        num_classes: Number of classes C; labels are below it.

    Returns:
        C matches, in the order of the classes.
    """
    rows = _rows_by_class(detections.labels, num_classes)
    truth_rows = _rows_by_class(truth.labels, num_classes)
    matches = []
    for row, truth_row in zip(rows, truth_rows, strict=True):
        frames = detections.frames[row]
        order = np.lexsort((frames, -detections.scores[row]))
        overlap, chosen = best_overlaps(
            frames[order], detections.boxes_xyxy[row[order]], truth.frames[truth_row], truth.boxes_xyxy[truth_row]
        )
        matches.append(RankedMatches(overlap, chosen, len(truth_row)))
    return matches


def _rows_by_class(labels: Ints, num_classes: int) -> list[Ints]:
    """Return the rows of each class, in their order."""
    order = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[order], np.arange(1, num_classes))
    return np.split(order, bounds)


def best_overlaps(
    frames: Ints,
    boxes: Floats,
    truth_frames: Ints,
    truth_boxes: Floats,
    overlap_of: Callable[[Floats, Floats], Floats] = pixel_iou,
) -> tuple[Floats, Ints]:
    """Find for n boxes of one class the ground truth of their frame that each overlaps best; of equal ones the first.

    Args:
        frames: int64 [n], frame of each box.
        boxes: float64 [n, 4], x1 y1 x2 y2.
        truth_frames: int64 [m], frame of each ground truth of the class.
        truth_boxes: float64 [m, 4], x1 y1 x2 y2 in the unit of `boxes`.
        overlap_of: Computes the IoU float64 [p] of boxes [p, 4] and [p, 4], pair by pair.

    Returns:
        float64 [n] overlap and int64 [n] position of the ground truth; 0 and -1 where the frame has none.
    """
    overlap, chosen = np.zeros(len(frames)), np.full(len(frames), -1, dtype=np.int64)
    by_frame = np.argsort(truth_frames, kind="stable")
    first = np.searchsorted(truth_frames[by_frame], frames, side="left")
    count = np.searchsorted(truth_frames[by_frame], frames, side="right") - first
    paired = np.flatnonzero(count)
    if len(paired) == 0:
        return overlap, chosen
    first, count = first[paired], count[paired]
    begin = np.cumsum(count) - count
    pair = np.arange(count.sum())
    owner = np.repeat(np.arange(len(paired)), count)
    candidate = by_frame[first[owner] + pair - begin[owner]]
    pair_overlap = overlap_of(boxes[paired][owner], truth_boxes[candidate])
    best = np.maximum.reduceat(pair_overlap, begin)
    best_pair = np.minimum.reduceat(np.where(pair_overlap == best[owner], pair, len(pair)), begin)
    overlap[paired] = best
    chosen[paired] = candidate[best_pair]
    return overlap, chosen
