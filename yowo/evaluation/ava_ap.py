"""AVA's mAP at IoU 0.5 by its four named rules: a pure function of boxes and scores.

`official` is the ActivityNet script, `released` its copy in the released pipeline of the YOWO authors; each over all
timestamps, and over those divisible by 4 as in the paper.
"""

import heapq
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.evaluation.average_precision import average_precision, precision_recall
from yowo.evaluation.frame_matching import best_overlaps

RULES = ("official", "official_every_4th", "released", "released_every_4th")
ROWS_A_FRAME = 50
"""Rows per frame that the official script keeps."""
EVERY = 4
"""The paper's figures are over timestamps that are divisible by this."""
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AvaBoxes:
    """Boxes of many frames, one row per box and class, in the order in which the released pipeline reads them.

    Attributes:
        frames: int64 [n], number of the frame, one for each pair of video and timestamp.
        seconds: float64 [n], timestamp.
        labels: int64 [n], class from 0.
        boxes_norm: float64 [n, 4], x1 y1 x2 y2 as fractions of the picture.
        scores: float64 [n]; 1 for ground truth.
    """

    frames: Ints
    seconds: Floats
    labels: Ints
    boxes_norm: Floats
    scores: Floats

    def take(self, rows: NDArray[np.bool_] | Ints | slice) -> "AvaBoxes":
        """Return some of the rows, given as a mask bool [n], as places int64 [m] or as a slice."""
        return AvaBoxes(
            self.frames[rows], self.seconds[rows], self.labels[rows], self.boxes_norm[rows], self.scores[rows]
        )


@dataclass(frozen=True, slots=True)
class AvaAP:
    """AP by class and the mean, as fractions.

    Attributes:
        ap: float64 [C]; NaN for a class without ground truth.
        map: Mean over the classes with ground truth; NaN if there is none.
        hits: For each class bool [n], best score first; True for a true positive.
        num_truth: int64 [C], ground-truth boxes.
    """

    ap: Floats
    map: float
    hits: list[NDArray[np.bool_]]
    num_truth: Ints


def ava_average_precision(
    detections: AvaBoxes,
    truth: AvaBoxes,
    num_classes: int,
    rule: str = "official",
    iou_threshold: float = 0.5,
    truth_frames: Ints | None = None,
) -> AvaAP:
    """Compute AVA's mAP by one of the four rules.

    All rules: IoU is computed on fractions of the picture, and detections without area are dropped. Each detection is
    compared with the ground truth of its class and frame that it overlaps best. The first detection that takes a ground
    truth is a true positive; there is no second choice. AP is the area under the precision envelope.

    `official`: the rows of a frame are taken by falling score, only the 50 best are kept, and frames without ground
    truth are ignored. `released`: all rows of a frame are taken, in the order of the file, and detections on frames
    without ground truth are wrong. `..._every_4th`: only timestamps divisible by 4 count.

    Args:
        detections: Detections of the evaluated classes, excluded timestamps left out.
        truth: Ground truth of the evaluated classes, excluded timestamps left out.
        num_classes: C; labels are below it.
        rule: One of `RULES`.
        iou_threshold: Least IoU of a true positive.
        truth_frames: int64 [f], frames that have ground truth of any class; None takes those in `truth`.

    Returns:
        AP by class and mean.

    >>> truth = AvaBoxes(np.array([0]), np.array([902.0]), np.array([0]), np.array([[0.1, 0.1, 0.5, 0.9]]), np.ones(1))
    >>> found = AvaBoxes(
    ...     frames=np.array([0, 0]),
    ...     seconds=np.array([902.0, 902.0]),
    ...     labels=np.array([0, 0]),
    ...     boxes_norm=np.array([[0.6, 0.1, 0.9, 0.9], [0.1, 0.1, 0.5, 0.8]]),
    ...     scores=np.array([0.9, 0.8]),
    ... )
    >>> ava_average_precision(found, truth, num_classes=1).map
    0.5
    """
    if rule.endswith("every_4th"):
        detections = detections.take(detections.seconds % EVERY == 0)
        truth = truth.take(truth.seconds % EVERY == 0)
    if rule.startswith("official"):
        known = np.union1d(truth.frames, truth_frames) if truth_frames is not None else truth.frames
        detections = _official_rows(detections.take(np.isin(detections.frames, known)))
    size = detections.boxes_norm[:, 2:] - detections.boxes_norm[:, :2]
    detections = detections.take(np.flatnonzero((size > 0).all(axis=1)))
    ap = np.full(num_classes, np.nan)
    all_hits, counts = [], np.zeros(num_classes, dtype=np.int64)
    by_class = zip(_by_class(detections, num_classes), _by_class(truth, num_classes), strict=True)
    for label, (found, wanted) in enumerate(by_class):
        hits = _hits(found, wanted, iou_threshold)
        counts[label] = len(wanted.frames)
        if counts[label]:
            ap[label] = average_precision(*precision_recall(hits, int(counts[label])))
        all_hits.append(hits)
    known_ap = ap[~np.isnan(ap)]
    return AvaAP(ap, float(known_ap.mean()) if len(known_ap) else float("nan"), all_hits, counts)


def _by_class(rows: AvaBoxes, num_classes: int) -> list[AvaBoxes]:
    """Divide rows by class; those of a class keep their order."""
    order = np.argsort(rows.labels, kind="stable")
    bounds = np.searchsorted(rows.labels[order], np.arange(num_classes + 1))
    sorted_rows = rows.take(order)
    return [sorted_rows.take(slice(first, last)) for first, last in pairwise(bounds.tolist())]


def _hits(found: AvaBoxes, wanted: AvaBoxes, iou_threshold: float) -> NDArray[np.bool_]:
    """Mark the true positives of one class: matched in the order of the rows, returned by falling score."""
    overlap, chosen = best_overlaps(found.frames, found.boxes_norm, wanted.frames, wanted.boxes_norm, pair_iou)
    near = np.flatnonzero(overlap >= iou_threshold)
    _, first = np.unique(chosen[near], return_index=True)
    hits = np.zeros(len(overlap), dtype=np.bool_)
    hits[near[first]] = True
    return hits[np.lexsort((found.frames, -found.scores))]


def _official_rows(rows: AvaBoxes) -> AvaBoxes:
    """Order the rows of each frame as the official script does and keep its 50 best.

    Rows of equal scores are ordered by falling class, then by falling y1, x1, y2, x2. Where rows of equal scores lie on
    both sides of the limit, the order in which the script reads them decides which are kept.
    """
    y_x = rows.boxes_norm[:, [1, 0, 3, 2]]
    order = np.lexsort((*(-y_x.T[::-1]), -rows.labels, -rows.scores, rows.frames))
    frames, scores = rows.frames[order], rows.scores[order]
    first = np.searchsorted(frames, frames, side="left")
    rank = np.arange(len(frames)) - first
    keep = rank < ROWS_A_FRAME
    last = np.flatnonzero((rank == ROWS_A_FRAME) & (scores == scores[np.maximum(np.arange(len(frames)) - 1, 0)]))
    for place in last:
        members = order[first[place] : np.searchsorted(frames, frames[place], side="right")]
        chosen = _heap_rows(rows, np.sort(members))
        keep[first[place] : first[place] + len(members)] = np.isin(members, chosen)
    return rows.take(order[keep])


def _heap_rows(rows: AvaBoxes, members: Ints) -> list[int]:
    """Return the rows of one frame that are left when they are read one by one with room for 50.

    A row replaces the lowest one that is kept only if its score is higher.
    """
    heap: list[tuple[float, int, float, float, float, float, int]] = []
    for row in members.tolist():
        x1, y1, x2, y2 = rows.boxes_norm[row].tolist()
        entry = (float(rows.scores[row]), int(rows.labels[row]), y1, x1, y2, x2, row)
        if len(heap) < ROWS_A_FRAME:
            heapq.heappush(heap, entry)
        elif entry[0] > heap[0][0]:
            heapq.heapreplace(heap, entry)
    return [entry[-1] for entry in heap]
