"""Non-maximum suppression in rounds over all boxes at once, as the package had it first: to the last bit the same."""

import torch
from torch import Tensor

from yowo.boxes.geometry import iou

BLOCK = 512
"""Most boxes that are compared with each other at once."""
ROOM = 1 << 22
"""Most pairs of boxes in memory at once in `nms_rows`, about 60 bytes each."""


def nms_mask(boxes: Tensor, groups: Tensor | None, threshold: float, valid: Tensor | None = None) -> Tensor:
    """Mark the boxes that greedy suppression keeps.

    Greedy rule: in the order of the scores, a box is removed if a box that was kept before overlaps it by more than
    `threshold`. Here it is computed in rounds for all boxes at once: all boxes start as kept, and in each round every
    box is decided anew from the boxes that the round before kept, until nothing changes. A box has its final state one
    round after all better boxes that overlap it have theirs, so the number of rounds is at most the length of the
    longest chain of overlapping boxes plus one. Of more than `BLOCK` boxes the best are decided first, then the next in
    view of those that were kept, so that memory grows with N and not with its square.

    Args:
        boxes: float [..., N, 4], x1 y1 x2 y2 in any unit, best score first.
        groups: int [..., N], such as the class of each box: only boxes of the same group suppress each other. None puts
            all boxes into one group.
        threshold: IoU strictly above which the box with the lower score is removed, 0..1.
        valid: bool [..., N], False for boxes that are neither kept nor suppress others; None takes all boxes.

    Returns:
        bool [..., N], True where a box is kept.
    """
    start = torch.ones_like(boxes[..., 0], dtype=torch.bool) if valid is None else valid
    kept = torch.zeros_like(start)
    for first in range(0, boxes.shape[-2], BLOCK):
        block = slice(first, first + BLOCK)
        free = start[..., block]
        if first:
            before = _overlaps(boxes, groups, slice(0, first), block, threshold) & kept[..., :first, None]
            free = free & ~before.any(dim=-2)
        kept[..., block] = _settled(_overlaps(boxes, groups, block, block, threshold).triu(diagonal=1), free)
    return kept


def nms_rows(boxes: Tensor, threshold: float, valid: Tensor) -> Tensor:
    """Mark the boxes that greedy suppression keeps in each of many independent rows, in bounded memory.

    Args:
        boxes: float [R, N, 4], x1 y1 x2 y2 in any unit, best score of the row first.
        threshold: IoU strictly above which the box with the lower score is removed, 0..1.
        valid: bool [R, N], False for boxes that are neither kept nor suppress others. Boxes behind the last valid one
            of a row cost nothing.

    Returns:
        bool [R, N], True where a box is kept; equal to `nms_mask` without groups.
    """
    kept = torch.zeros_like(valid)
    ends = (
        (valid * torch.arange(1, valid.shape[1] + 1, device=valid.device)).amax(dim=1)
        if valid.numel()
        else valid.sum(1)
    )
    rows = ends.argsort(descending=True)  # rows of similar length together
    lengths = [end for end in ends[rows].tolist() if end]
    first = 0
    while first < len(lengths):
        longest = lengths[first]
        some = rows[first : min(first + max(1, ROOM // (longest * min(longest, BLOCK))), len(lengths))]
        kept[some, :longest] = nms_mask(boxes[some, :longest], None, threshold, valid[some, :longest])
        first += len(some)
    return kept


def _overlaps(boxes: Tensor, groups: Tensor | None, first: slice, second: slice, threshold: float) -> Tensor:
    """Return bool [..., n, m]: which boxes of two slices are of one group and have more IoU than the threshold."""
    overlaps = iou(boxes[..., first, None, :], boxes[..., None, second, :]) > threshold
    return overlaps if groups is None else overlaps & (groups[..., first, None] == groups[..., None, second])


def _settled(overlaps: Tensor, start: Tensor) -> Tensor:
    """Decide boxes in rounds until nothing changes.

    Args:
        overlaps: bool [..., N, N], True where the box of the row is better and overlaps the box of the column.
        start: bool [..., N], the boxes that take part.

    Returns:
        bool [..., N], the boxes that are kept.
    """
    kept = start
    for _ in range(start.shape[-1]):
        settled = start & ~(overlaps & kept[..., :, None]).any(dim=-2)
        if torch.equal(settled, kept):
            break
        kept = settled
    return kept
