"""How well people are found, whatever they do, and how often the action of those that are found is right.

Frame-mAP mixes the two: a missed person and a person with the wrong action both lower it. Pure functions of boxes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yowo.evaluation.average_precision import average_precision, precision_recall
from yowo.evaluation.frame_matching import Floats, Ints, LabelledBoxes, RankedMatches, ScoredBoxes, best_overlaps
from yowo.evaluation.pixel_iou import pixel_iou

PERSON_IOU = 0.5
"""Least IoU of a found person; detections that overlap a better one by more are of the same person."""
ROOM = 1 << 18
"""Most pairs of boxes that are compared at once, about 300 bytes each; a frame with more of them is taken whole."""
MIXER = np.uint64(0x9E3779B97F4A7C15)
Overlap = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True, slots=True)
class PeopleScores:
    """The scores of people, class aside, and of the actions of those that are found.

    Attributes:
        num_people: Annotated people, over all frames with any.
        num_found: Those that a detection found.
        ap: Average precision of people, 0..1; NaN if nobody is annotated.
        num_right: Found people whose best-scored action is one of theirs.
    """

    num_people: int
    num_found: int
    ap: float
    num_right: int

    def metrics(self) -> dict[str, Any]:
        """Return `people_found` and `action_right` of metrics.json, fractions 0..1; NaN where nobody is counted."""
        return {
            "people_found": {
                "ap": self.ap,
                "recall": _share(self.num_found, self.num_people),
                "iou": PERSON_IOU,
                "num_people": self.num_people,
                "num_found": self.num_found,
            },
            "action_right": _share(self.num_right, self.num_found),
        }


def people_scores(detections: ScoredBoxes, truth: LabelledBoxes, overlap_of: Overlap = pixel_iou) -> PeopleScores:
    """Score people and their actions.

    Equal boxes of a frame are one person, of ground truth and of detections: its rows are its actions. A person's score
    is that of its best action. Detections of a frame are suppressed over all classes: of two that overlap by more than
    `PERSON_IOU` the better one is kept. What is left is ranked over all frames by falling score; a detection looks at
    the person of its frame that it overlaps best and finds it if their IoU is at least `PERSON_IOU` and no better
    detection found it. AP is the area under the precision envelope. Only frames with ground truth count.

    The action of a found person is right if the best-scored action of the detection that found it is one of the
    person's: its only one, or with several actions at once any of them.

    Args:
        detections: One row per box and class.
        truth: One row per box and class, boxes in the same unit.
        overlap_of: IoU float64 [p] of boxes [p, 4] and [p, 4], pair by pair.

    Returns:
        The scores.

    Examples:
        A run that is taken for a jump, and a second person who is missed:

        >>> boxes = np.array([[10.0, 10, 59, 89], [110, 10, 159, 89]])
        >>> truth = LabelledBoxes(np.array([0, 0]), np.array([0, 1]), boxes)
        >>> found = ScoredBoxes(np.array([0, 0]), np.array([0, 1]), boxes[[0, 0]], np.array([0.3, 0.6]))
        >>> people_scores(found, truth)
        PeopleScores(num_people=2, num_found=1, ap=0.5, num_right=0)
    """
    person, first = _people(truth.frames, truth.boxes_xyxy)
    people_frames, people_boxes = truth.frames[first], truth.boxes_xyxy[first]
    counted = _best_of_runs(detections)
    counted = counted[np.isin(detections.frames[counted], people_frames)]
    rows = counted[np.lexsort((counted, detections.frames[counted], -detections.scores[counted]))]
    rows = rows[_first_of_boxes(detections.frames[rows], detections.boxes_xyxy[rows])]
    frames, boxes = detections.frames[rows], detections.boxes_xyxy[rows]
    kept = best_of_overlapping(frames, boxes, PERSON_IOU, overlap_of)
    rows, frames, boxes = rows[kept], frames[kept], boxes[kept]
    match = RankedMatches(*best_overlaps(frames, boxes, people_frames, people_boxes, overlap_of), len(first))
    hits = match.hits(PERSON_IOU)
    ap = average_precision(*precision_recall(hits, len(first))) if len(first) else float("nan")
    actions = max(int(labels.max(initial=0)) for labels in (detections.labels, truth.labels)) + 1
    known = person * actions + truth.labels
    right = np.isin(match.truth[hits] * actions + detections.labels[rows[hits]], known)
    return PeopleScores(len(first), int(hits.sum()), ap, int(right.sum()))


def best_of_overlapping(frames: Ints, boxes: Floats, threshold: float, overlap_of: Overlap) -> NDArray[np.bool_]:
    """Mark the boxes that greedy suppression within each frame keeps, without a loop over boxes or frames.

    Args:
        frames: int64 [n], frame of each box.
        boxes: float64 [n, 4], best score first.
        threshold: IoU above which the box with the lower score is removed.
        overlap_of: See `people_scores`.

    Returns:
        bool [n].
    """
    order = np.argsort(frames, kind="stable")
    _, begin, count = np.unique(frames[order], return_index=True, return_counts=True)
    columns = np.ascontiguousarray(boxes[order].T)
    kept = np.ones(len(frames), dtype=np.bool_)
    ends = np.cumsum(count * (count - 1) // 2)
    start = 0
    while start < len(count):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + ROOM, side="right")))
        better, worse = _near_pairs(columns, *_pairs(begin[start:stop], count[start:stop]), threshold)
        better, worse = order[better], order[worse]
        near = overlap_of(boxes[better], boxes[worse]) > threshold
        _settle(kept, better[near], worse[near])
        start = stop
    return kept


def _near_pairs(columns: Floats, first: Ints, second: Ints, threshold: float) -> tuple[Ints, Ints]:
    """Leave out pairs of boxes, float64 [4, n], that share too little of their width or height for the threshold.

    The share of an axis is never below the IoU, whether a pixel is added to widths or not.
    """
    for side in (0, 1):
        low, high = columns[side], columns[side + 2]
        low_first, low_second, high_first, high_second = low[first], low[second], high[first], high[second]
        shared = np.minimum(high_first, high_second) - np.maximum(low_first, low_second)
        spanned = np.maximum(high_first, high_second) - np.minimum(low_first, low_second)
        near = shared + 1 > threshold * (spanned + 1)
        first, second = first[near], second[near]
    return first, second


def _settle(kept: NDArray[np.bool_], better: Ints, worse: Ints) -> None:
    """Decide the boxes in rounds from what the round before kept until nothing changes, as `yowo.boxes.nms` does."""
    concerned = np.unique(worse)
    while True:
        removed = np.isin(concerned, worse[kept[better]])
        if np.array_equal(removed, ~kept[concerned]):
            return
        kept[concerned] = ~removed


def _pairs(begin: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Return all pairs (earlier, later) of places within groups that start at `begin` and have `count` members."""
    place = np.arange(count.sum())
    own = np.repeat(np.cumsum(count) - count, count)
    rank = place - own  # of each member within its group: it has so many earlier ones
    later = np.repeat(np.repeat(begin, count) + rank, rank)
    first_pair = np.repeat(np.cumsum(rank) - rank, rank)
    earlier = np.repeat(np.repeat(begin, count), rank) + np.arange(rank.sum()) - first_pair
    return earlier, later


def _people(frames: Ints, boxes: Floats) -> tuple[Ints, Ints]:
    """Return the number of each row's person, int64 [n], and the first row of each person, int64 [P], rising."""
    order, new = _by_box(frames, boxes)
    first = order[new]
    number = np.empty(len(first), dtype=np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    person = np.empty(len(frames), dtype=np.int64)
    person[order] = number[np.cumsum(new) - 1]
    return person, np.sort(first)


def _best_of_runs(detections: ScoredBoxes) -> Ints:
    """Return the best row of each run of rows with the same box: a box has as many rows as actions, mostly together."""
    columns = (detections.frames, *detections.boxes_xyxy.T)
    new = _changes(columns)
    begin = np.flatnonzero(new)
    if not len(begin):
        return begin
    run = np.cumsum(new) - 1
    best = np.flatnonzero(detections.scores == np.maximum.reduceat(detections.scores, begin)[run])
    _, first = np.unique(run[best], return_index=True)
    return np.asarray(best[first], dtype=np.int64)


def _first_of_boxes(frames: Ints, boxes: Floats) -> Ints:
    """Return the first row of each different box of a frame, in the order of the rows."""
    order, new = _by_box(frames, boxes)
    return np.sort(order[new])


def _by_box(frames: Ints, boxes: Floats) -> tuple[Ints, NDArray[np.bool_]]:
    """Return rows in an order that has equal boxes of a frame together (in their order), and where a new one begins."""
    mixed = frames.astype(np.uint64)
    for column in boxes.T:  # one number for each box: sorting by it is much faster than by five columns
        mixed = (mixed ^ (mixed >> np.uint64(29))) * MIXER + (column.astype(np.float64) + 0.0).view(np.uint64)
    order = np.argsort(mixed, kind="stable")
    return order, _changes((frames[order], *boxes[order].T))


def _changes(columns: Sequence[NDArray[Any]]) -> NDArray[np.bool_]:
    """Mark the rows of n-long columns that differ from the row before; the first one does."""
    new = np.ones(len(columns[0]), dtype=np.bool_)
    new[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return new


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
