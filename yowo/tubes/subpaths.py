"""The best path through the boxes of a class: dynamic programming over paths that may start and end at any frame.

After Tran, Yuan and Forsyth (2014), "Video event detection: from subvolume localization to spatiotemporal path search":
every box has evidence that is positive for action and negative for background, and the path with the greatest sum is
found. Here a path may also skip frames, because detectors miss some boxes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou

FAR = 0.7
"""Boxes of neighbouring frames whose centres are further apart than this share of their size are not linked."""
Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinkCosts:
    """The cost of a link between two boxes, in units of evidence; 0 if they overlap well.

    Attributes:
        iou: Required IoU in neighbouring frames; a link with less has a cost. See `gap_ease` for longer gaps.
        weight: Cost per unit of missing IoU.
        skip: Cost of each skipped frame that has boxes.
        reach: Most frames with boxes that a link spans.
        max_gap: Most frames of the video that a link spans.
        gap_ease: How fast the required IoU falls with the gap in frames: `iou` / (1 + gap_ease x (gap - 1)).
    """

    iou: float = 0.4
    weight: float = 3.0
    skip: float = 0.1
    reach: int = 4
    max_gap: int = 40
    gap_ease: float = 0.05


class SubpathFinder:
    """Finds paths through the boxes of one class in one video; the links between boxes are computed once."""

    def __init__(self, frames: Ints, boxes_xyxy: Reals, costs: LinkCosts) -> None:
        """Compute the links.

        Args:
            frames: int64 [N], frame of each box, counted from 0, sorted.
            boxes_xyxy: float64 [N, 4], x1 y1 x2 y2 in pixels.
            costs: The costs of links.
        """
        self.frames = frames
        unique, starts = np.unique(frames, return_index=True)
        bounds = np.append(starts, len(frames))
        place = np.repeat(np.arange(len(unique)), np.diff(bounds))
        first = bounds[np.maximum(place - costs.reach, 0)]
        counts = bounds[place] - first
        begin = np.cumsum(counts) - counts
        later = np.repeat(np.arange(len(frames)), counts)
        earlier = np.arange(int(counts.sum())) - begin[later] + first[later]
        gap = frames[later] - frames[earlier]
        ease = 1 + costs.gap_ease * (gap - 1)
        lacking = np.maximum(costs.iou / ease - pair_iou(boxes_xyxy[earlier], boxes_xyxy[later]), 0)
        value = -costs.weight * lacking - costs.skip * (place[later] - place[earlier] - 1)
        near = _distance(boxes_xyxy[earlier], boxes_xyxy[later]) <= FAR * ease
        self._links = np.where((gap <= costs.max_gap) & near, value, -np.inf)
        self._steps = [
            (int(bounds[t]), int(bounds[t + 1]), int(first[bounds[t]]), int(begin[bounds[t]]))
            for t in range(len(unique))
        ]

    def best(self, evidence: Reals) -> tuple[Reals, Ints]:
        """Find the path with the greatest sum of evidence and link scores.

        Args:
            evidence: float64 [N], score of each box less the level; -inf for boxes of earlier paths.

        Returns:
            float64 [n], what each box of the path adds to the sum (its evidence and its link to the previous box), and
            int64 [n], the rows of these boxes, from the path's first frame to its last.
        """
        total = evidence.copy()
        before = np.full(len(evidence), -1, dtype=np.int64)
        for start, stop, first, link in self._steps:
            width = start - first
            if not width:
                continue
            links = self._links[link : link + width * (stop - start)].reshape(stop - start, width)
            sums = links + total[first:start]
            chosen = sums.argmax(axis=1)
            gained = sums[np.arange(stop - start), chosen]
            better = gained > 0
            total[start:stop] += np.where(better, gained, 0)
            before[start:stop] = np.where(better, first + chosen, -1)
        end = int(total.argmax())
        rows = [end]
        while before[rows[-1]] >= 0:
            rows.append(int(before[rows[-1]]))
        path = np.array(rows[::-1], dtype=np.int64)
        return np.diff(total[path], prepend=0.0), path


def split_path(evidence: Reals, change_cost: float) -> list[slice]:
    """Label each box of a path action or background and return the stretches of action.

    Dynamic programming over the two labels finds the labelling with the greatest total: the evidence of the action
    boxes, less `change_cost` for each stretch.

    Args:
        evidence: float64 [n], what each box of the path adds to its sum.
        change_cost: A stretch needs more summed evidence than this, and a drop of the summed evidence by more than this
            splits a stretch in two.

    Returns:
        The stretches as slices of the path, in order; empty if no stretch has more evidence than `change_cost`.
    """
    background, action, since = 0.0, -np.inf, 0
    ends: list[tuple[int, int, int]] = []  # start, stop, index of the stretch before
    last = -1
    open_after = -1
    for place, value in enumerate(evidence.tolist()):
        if background - change_cost > action:
            action, since, open_after = background - change_cost, place, last
        action += value
        if action > background:
            background = action
            ends.append((since, place + 1, open_after))
            last = len(ends) - 1
    stretches = []
    while last >= 0:
        start, stop, last = ends[last]
        stretches.append(slice(start, stop))
    return stretches[::-1]


def _distance(first: Reals, second: Reals) -> Reals:
    """Return the greater of the horizontal and vertical centre distance, each as a share of the mean box size.

    Args:
        first: float64 [n, 4], pixels.
        second: float64 [n, 4], pixels.

    Returns:
        float64 [n].
    """
    size = (first[:, 2:] - first[:, :2] + second[:, 2:] - second[:, :2]) / 2
    middles = (second[:, :2] + second[:, 2:] - first[:, :2] - first[:, 2:]) / 2
    distance: Reals = (np.abs(middles) / np.maximum(size, 1e-6)).max(axis=1)
    return distance
