"""Greedy non-maximum suppression in rounds over many entries at once; never box by box."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yowo.boxes.array_iou import iou_above
from yowo.precision import widened

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Reals = NDArray[np.floating]
FIRST, LEAST = 256, 32
"""Entries of the first block; each next one has up to twice as many, and at least the second number."""
ROOM = 1 << 17
"""Pairs of boxes that are compared at once, about 25 bytes each, where that is more than `LEAST` entries."""
TABLE = 1 << 26
"""Most pairs of boxes whose overlap is stored, one byte each."""


def nms_entries(boxes: Reals, places: Ints | None, groups: Ints | None, threshold: float) -> Ints:
    """Return the entries, such as pairs of box and class, that greedy suppression keeps.

    Greedy rule: in the order of the scores, an entry is removed if an entry of its group that was kept before has a box
    with more IoU than `threshold`. It is computed for a block of entries at once, best scores first: those that no
    other one of the block can remove stay, and remove others; of the rest again, until every entry of the block is
    decided; then what was kept removes entries of later blocks. Boxes that many entries share are compared once.

    Args:
        boxes: float [N, 4], x1 y1 x2 y2 in any unit.
        places: int64 [n], the box of each entry, best score first. A box may be in several entries of a group: they
            suppress each other. None: every box is one entry, best score first.
        groups: int64 [n], from 0, such as the class of each entry; None puts all entries into one group.
        threshold: IoU strictly above which the entry with the lower score is removed, 0..1.

    Returns:
        int64 [k], rows of the entries that are kept, in order.

    Examples:
        >>> boxes = np.array([[0, 0, 2, 2], [0, 0, 2, 1.9], [5, 5, 6, 6]], np.float32)
        >>> nms_entries(boxes, None, None, 0.5).tolist()
        [0, 2]
        >>> nms_entries(boxes, np.array([1, 1, 0, 2]), np.array([4, 0, 4, 4]), 0.5).tolist()
        [0, 1, 3]
    """
    rivals = _rivals(boxes, places, groups, threshold)
    todo = np.arange(len(boxes) if places is None else len(places))
    gone = np.zeros(len(todo) + 1, dtype=np.bool_)
    gone[-1] = True  # the entry that is none
    size = FIRST
    while len(todo):
        size = min(size, max(LEAST, ROOM // len(rivals.boxes)))
        block, todo = todo[:size], todo[size:]
        better, worse = rivals.pairs(block)
        open_ = (worse > better) & ~gone[worse]
        better, worse = better[open_], worse[open_]
        inside = worse <= block[-1]
        _settle(gone, better[inside], worse[inside])
        gone[worse[~gone[better]]] = True
        todo, size = todo[~gone[todo]], 2 * size
    return np.flatnonzero(~gone[:-1])


def _settle(gone: Bools, better: Ints, worse: Ints) -> None:
    """Mark what is removed, in place, among entries; pairs [n] of them overlap, in each one is better.

    An entry that is the worse one of no pair is kept, and removes the worse ones of its pairs. Pairs with an entry that
    is decided are left out, and so other entries become free. There are at most as many rounds as the longest chain of
    entries has in which each overlaps the next.
    """
    while len(better):
        waits = np.zeros(len(gone), dtype=np.bool_)
        waits[worse] = True
        gone[worse[~waits[better]]] = True
        left = ~(gone[worse] | gone[better])
        better, worse = better[left], worse[left]


class _OwnBoxes:
    """Which entries overlap, where every box is one entry; boxes float [n, 4], groups int64 [n]."""

    def __init__(self, boxes: Reals, groups: Ints | None, threshold: float) -> None:
        self.boxes, self.groups, self.threshold = boxes, groups, threshold

    def pairs(self, block: Ints) -> tuple[Ints, Ints]:
        """Return pairs of entries of one group that overlap: one of a block, and one from the block's first on."""
        start = int(block[0])
        above = iou_above(self.boxes[block, None], self.boxes[None, start:], self.threshold)
        row, other = np.divmod(np.flatnonzero(above), above.shape[1])
        row, other = block[row], other + start
        if self.groups is None:
            return row, other
        same = self.groups[row] == self.groups[other]
        return row[same], other[same]


class _SharedBoxes:
    """Which entries overlap, where boxes are in entries of several groups, once in each.

    Attributes:
        boxes: float [N, 4].
        places: int64 [n], the box of each entry.
        labels: int64 [n], its group.
        entry: int64 [groups, N], the entry of each group and box; n where there is none.
        threshold: See `nms_entries`.
    """

    def __init__(self, boxes: Reals, places: Ints, labels: Ints, entry: Ints, threshold: float) -> None:
        self.boxes, self.places, self.labels, self.entry, self.threshold = boxes, places, labels, entry, threshold
        self.above: Bools | None = None
        if len(boxes) ** 2 <= TABLE:
            step = max(LEAST, ROOM // len(boxes))
            self.above = np.empty((len(boxes), len(boxes)), dtype=np.bool_)
            for start in range(0, len(boxes), step):
                rows = slice(start, start + step)
                self.above[rows] = iou_above(boxes[rows, None], boxes[None], threshold)

    def pairs(self, block: Ints) -> tuple[Ints, Ints]:
        """Return pairs of entries of one group that overlap: one of a block, and any one or none, which is n."""
        mine = self.places[block]
        if self.above is None:
            above = iou_above(self.boxes[mine, None], self.boxes[None], self.threshold)
        else:
            above = self.above[mine]
        row, place = np.divmod(np.flatnonzero(above), len(self.boxes))
        row = block[row]
        return row, self.entry[self.labels[row], place]


def _rivals(boxes: Reals, places: Ints | None, groups: Ints | None, threshold: float) -> _OwnBoxes | _SharedBoxes:
    """Return what finds the overlaps of entries, see `nms_entries`."""
    if places is None:
        return _OwnBoxes(boxes, groups, threshold)
    used, own = np.unique(places, return_inverse=True)
    if groups is not None and 2 * len(used) < len(places):
        entry = np.full((int(groups.max()) + 1, len(used)), len(places))
        entry[groups, own] = np.arange(len(places))
        if np.array_equal(entry[groups, own], np.arange(len(places))):  # no box is twice in a group
            return _SharedBoxes(boxes[used], own, groups, entry, threshold)
    return _OwnBoxes(boxes[places], groups, threshold)


def nms_mask(boxes: Tensor, groups: Tensor | None, threshold: float, valid: Tensor | None = None) -> Tensor:
    """Mark the boxes that greedy suppression keeps, see `nms_entries`.

    Args:
        boxes: float [..., N, 4], x1 y1 x2 y2 in any unit, best score first.
        groups: int [..., N], such as the class of each box: only boxes of the same group suppress each other. None puts
            all boxes into one group.
        threshold: IoU strictly above which the box with the lower score is removed, 0..1.
        valid: bool [..., N], False for boxes that are neither kept nor suppress others; None takes all boxes.

    Returns:
        bool [..., N], True where a box is kept, on the boxes' device; it is computed on the CPU.

    Examples:
        >>> boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 1.9], [5, 5, 6, 6]])
        >>> nms_mask(boxes, None, threshold=0.5).tolist()
        [True, False, True]
        >>> nms_mask(boxes, torch.tensor([0, 1, 0]), threshold=0.5).tolist()
        [True, True, True]
    """
    kept = torch.zeros(boxes.shape[:-1], dtype=torch.bool)
    rows = widened(boxes.detach()).cpu().numpy().reshape(math.prod(boxes.shape[:-2]), *boxes.shape[-2:])
    classes = None if groups is None else groups.cpu().numpy().reshape(rows.shape[:2])
    chosen = None if valid is None else valid.cpu().numpy().reshape(rows.shape[:2])
    for row, mask in enumerate(kept.view(rows.shape[:2])):
        taken = np.arange(rows.shape[1]) if chosen is None else np.flatnonzero(chosen[row])
        own = None if classes is None else classes[row][taken]
        mask[torch.from_numpy(taken[nms_entries(rows[row][taken], None, own, threshold)])] = True
    return kept.to(boxes.device)
