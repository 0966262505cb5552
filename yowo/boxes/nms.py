"""Non-maximum suppression without a loop over boxes, classes or clips."""

import torch
from torch import Tensor

from yowo.boxes.geometry import iou


def nms_mask(boxes: Tensor, groups: Tensor | None, threshold: float, valid: Tensor | None = None) -> Tensor:
    """Mark the boxes that greedy suppression keeps.

    Greedy rule: in the order of the scores, a box is removed if a box that was kept before overlaps it by more than
    `threshold`. Here it is computed in rounds for all boxes at once: all boxes start as kept, and in each round every
    box is decided anew from the boxes that the round before kept, until nothing changes. A box has its final state one
    round after all better boxes that overlap it have theirs, so the number of rounds is at most the length of the
    longest chain of overlapping boxes plus one.

    Args:
        boxes: float [..., N, 4], x1 y1 x2 y2 in any unit, best score first.
        groups: int [..., N], such as the class of each box: only boxes of the same group suppress each other. None puts
            all boxes into one group.
        threshold: IoU strictly above which the box with the lower score is removed, 0..1.
        valid: bool [..., N], False for boxes that are neither kept nor suppress others; None takes all boxes.

    Returns:
        bool [..., N], True where a box is kept.

    Examples:
        >>> boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 1.9], [5, 5, 6, 6]])
        >>> nms_mask(boxes, None, threshold=0.5).tolist()
        [True, False, True]
        >>> nms_mask(boxes, torch.tensor([0, 1, 0]), threshold=0.5).tolist()
        [True, True, True]
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
