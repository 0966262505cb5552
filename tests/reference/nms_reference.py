"""Greedy non-maximum suppression, box by box."""

import torch

from yowo.boxes.geometry import iou


def greedy_nms(boxes: torch.Tensor, groups: torch.Tensor | None, threshold: float) -> torch.Tensor:
    """Keep marks for boxes in order of score."""
    kept: list[int] = []
    for i in range(len(boxes)):
        rivals = [j for j in kept if groups is None or groups[j] == groups[i]]
        if all(iou(boxes[i], boxes[j]) <= threshold for j in rivals):
            kept.append(i)
    mask = torch.zeros(len(boxes), dtype=torch.bool)
    mask[kept] = True
    return mask
