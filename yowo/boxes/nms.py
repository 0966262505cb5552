"""Greedy non-maximum suppression: one comparison of boxes, whatever the number of classes, then a walk over bits."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yowo.boxes.array_iou import iou_above
from yowo.precision import widened

Ints = NDArray[np.int64]
Reals = NDArray[np.floating]
ROOM = 1 << 18
"""Most pairs of boxes that are compared at once, about 25 bytes each."""


def nms_entries(boxes: Reals, places: Ints, groups: Ints | None, threshold: float) -> Ints:
    """Return the entries, such as pairs of box and class, that greedy suppression keeps.

    Greedy rule: in the order of the scores, an entry is removed if an entry of its group that was kept before has a box
    with more IoU than `threshold`. Which boxes overlap is computed once for all groups, for boxes that are kept. The
    boxes that an entry suppresses are the bits of a number, so that an entry costs two operations on such numbers.

    Args:
        boxes: float [N, 4], x1 y1 x2 y2 in any unit; boxes in which many entries are kept should come first.
        places: int64 [n], the box of each entry, best score first. A box may be in several entries of a group: they
            suppress each other.
        groups: int64 [n], from 0, such as the class of each entry; None puts all entries into one group.
        threshold: IoU strictly above which the entry with the lower score is removed, 0..1.

    Returns:
        int64 [k], rows of the entries that are kept, in order.

    Examples:
        >>> boxes = np.array([[0, 0, 2, 2], [0, 0, 2, 1.9], [5, 5, 6, 6]], np.float32)
        >>> nms_entries(boxes, np.arange(3), None, 0.5).tolist()
        [0, 2]
        >>> nms_entries(boxes, np.array([1, 1, 0, 2]), np.array([4, 0, 4, 4]), 0.5).tolist()
        [0, 1, 3]
    """
    step = max(1, ROOM // max(1, len(boxes)))
    overlapped: list[int | None] = [None] * len(boxes)  # for each box, as bits, those that it removes
    removed: dict[int, int] = {}
    kept = []
    labels = [0] * len(places) if groups is None else groups.tolist()
    for row, (place, label) in enumerate(zip(places.tolist(), labels, strict=True)):
        gone = removed.get(label, 0)
        if gone >> place & 1:
            continue
        kept.append(row)
        bits = overlapped[place]
        if bits is None:
            first = place - place % step
            overlapped[first : first + step] = _overlapped(boxes, slice(first, first + step), threshold)
            bits = overlapped[place]
        removed[label] = gone | (bits or 0)
    return np.array(kept, dtype=np.int64)


def _overlapped(boxes: Reals, some: slice, threshold: float) -> list[int]:
    """Return for each of some boxes the boxes of all [N, 4] that overlap it by more than a threshold; bit i for box i.

    A box with an area overlaps itself: this removes the further entries of it, as for two equal boxes.
    """
    above = iou_above(boxes[some, None], boxes[None], threshold)
    packed = np.packbits(above, axis=1, bitorder="little")
    width, memory = packed.shape[1], packed.tobytes()
    return [int.from_bytes(memory[at : at + width], "little") for at in range(0, len(memory), width)]


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
        mask[torch.from_numpy(taken[nms_entries(rows[row][taken], np.arange(len(taken)), own, threshold)])] = True
    return kept.to(boxes.device)
