"""Non-maximum suppression without a loop over boxes, classes or clips."""

import torch
from torch import Tensor

from yowo.boxes.geometry import iou


def nms_mask(boxes: Tensor, groups: Tensor | None, threshold: float, valid: Tensor | None = None) -> Tensor:
    """Mark the boxes that greedy suppression keeps.

    The greedy rule (a box goes when a kept box before it overlaps it by more than `threshold`) is reached as a fixed
    point: at first all are kept, and each round lets the kept boxes suppress afresh. A box is settled one round after
    those before it that overlap it, so the rounds number the longest chain of overlaps, not the boxes.

    Args:
        boxes: float [..., N, 4], x1 y1 x2 y2 in any unit, best score first.
        groups: int [..., N], or None. Boxes of different groups (classes) do not suppress each other.
        threshold: Overlap (IoU) strictly above which the later box goes, 0..1.
        valid: bool [..., N], or None. Boxes to leave out from the start.

    Returns:
        bool [..., N], True where a box is kept.
    """
    overlaps = iou(boxes[..., :, None, :], boxes[..., None, :, :]) > threshold
    if groups is not None:
        overlaps &= groups[..., :, None] == groups[..., None, :]
    overlaps = overlaps.triu(diagonal=1)
    start = torch.ones_like(boxes[..., 0], dtype=torch.bool) if valid is None else valid
    kept = start
    for _ in range(boxes.shape[-2]):
        settled = start & ~(overlaps & kept[..., :, None]).any(dim=-2)
        if torch.equal(settled, kept):
            break
        kept = settled
    return kept
