"""Boxes of one class on one frame that mean the same person: which are copies of which, and their average."""

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.tubes.track_bank import same_class

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


def copies_of(expected: Reals, boxes: Reals, labels: Ints, own: Ints, left: Ints, copy_iou: float) -> tuple[Ints, Ints]:
    """Find duplicates of the boxes that were matched to tracks among the boxes that are left.

    Args:
        expected: float64 [n, 4], where the n matched tracks were expected, x1 y1 x2 y2 in pixels.
        boxes: float64 [N, 4], all boxes of the frame, in pixels.
        labels: int64 [N], their classes.
        own: int64 [n], the matched box of each track.
        left: int64 [m], the boxes that are left, sorted.
        copy_iou: A duplicate has more IoU than this with the expected or the matched box of a track of its class.

    Returns:
        int64 [k], the duplicates, sorted, and int64 [k], the track of each: that which it is nearest to.
    """
    if not len(left):
        return left, left
    hulls = np.concatenate([np.minimum(expected, boxes[own])[:, :2], np.maximum(expected, boxes[own])[:, 2:]], axis=1)
    place, match = same_class(labels[left], labels[own], boxes[left], hulls)
    box = left[place]
    near = np.maximum(pair_iou(expected[match], boxes[box]), pair_iou(boxes[own[match]], boxes[box]))
    order = np.lexsort((match, -near, box))
    order = order[near[order] > copy_iou]
    copies, first = np.unique(box[order], return_index=True)
    return copies, match[order][first]


def group_copies(boxes: Reals, scores: Reals, labels: Ints, copy_iou: float) -> tuple[Ints, Ints]:
    """Divide boxes into groups: the box with the best score, and those of its class that overlap it, and so on.

    Args:
        boxes: float64 [n, 4], x1 y1 x2 y2 in pixels.
        scores: float64 [n], 0..1; of equal ones the first is the better.
        labels: int64 [n], classes.
        copy_iou: A box is of a group if its IoU with the group's best box is above this.

    Returns:
        int64 [n], the group of each box, and int64 [g], the best box of each group, best score first.

    Examples:
        >>> boxes = np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [0, 0, 10, 10]])
        >>> groups, best = group_copies(boxes, np.array([0.6, 0.9, 0.7]), np.array([4, 4, 5]), 0.5)
        >>> groups.tolist(), best.tolist()
        ([0, 0, 1], [1, 2])
    """
    one, other = same_class(labels, labels, boxes, boxes)
    near = pair_iou(boxes[one], boxes[other]) > copy_iou
    copies: dict[int, list[int]] = {}
    for row, copy in zip(one[near].tolist(), other[near].tolist(), strict=True):
        copies.setdefault(row, []).append(copy)
    groups, firsts = [-1] * len(scores), list[int]()
    for row in np.argsort(-scores, kind="stable").tolist():
        if groups[row] < 0:
            for member in (row, *copies.get(row, ())):
                if groups[member] < 0:
                    groups[member] = len(firsts)
            firsts.append(row)
    return np.array(groups, dtype=np.int64), np.array(firsts, dtype=np.int64)


def averaged(boxes: Reals, scores: Reals, owner: Ints, count: int) -> tuple[Reals, Reals]:
    """Average the boxes of each track, weighted by score.

    Args:
        boxes: float64 [n, 4], pixels.
        scores: float64 [n], 0..1.
        owner: int64 [n], index of the track of each box.
        count: Number of tracks.

    Returns:
        float64 [count, 4], the boxes in pixels, and float64 [count], the summed scores.
    """
    weights = scores + 1e-6
    total: Reals = np.bincount(owner, weights, count).astype(np.float64)
    corners = [np.bincount(owner, weights * boxes[:, side], count) / total for side in range(4)]
    return np.stack(corners, axis=1), total
