"""Box arithmetic: formats, overlaps. Boxes are float tensors of x1, y1, x2, y2 with x1 <= x2, y1 <= y2, in any unit."""

import torch
from torch import Tensor


def xyxy_to_cxcywh(boxes: Tensor) -> Tensor:
    """Turn corners into centre and size.

    Args:
        boxes: float [..., 4], x1 y1 x2 y2.

    Returns:
        float [..., 4], centre x, centre y, width, height in the same unit.
    """
    low, high = boxes[..., :2], boxes[..., 2:]
    return torch.cat([(low + high) / 2, high - low], dim=-1)


def cxcywh_to_xyxy(boxes: Tensor) -> Tensor:
    """Turn centre and size into corners.

    Args:
        boxes: float [..., 4], centre x, centre y, width, height.

    Returns:
        float [..., 4], x1 y1 x2 y2 in the same unit.
    """
    centre, half = boxes[..., :2], boxes[..., 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1)


def box_area(boxes: Tensor) -> Tensor:
    """Return the areas [...] of boxes [..., 4]; inverted boxes have none."""
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)


def _intersection_and_union(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return the areas that two broadcastable sets of boxes share and cover."""
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    shared = (high - low).clamp(min=0).prod(dim=-1)
    return shared, box_area(first) + box_area(second) - shared


def iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of boxes that stand opposite each other.

    Args:
        first: float [..., 4]; broadcast against `second`, so [N, 1, 4] against [M, 4] gives all pairs [N, M].
        second: float [..., 4], the same unit.

    Returns:
        float [...] in 0..1; 0 where both boxes are empty.
    """
    shared, union = _intersection_and_union(first, second)
    return shared / union.clamp(min=torch.finfo(union.dtype).eps)


def giou(first: Tensor, second: Tensor) -> Tensor:
    """Generalised IoU (Rezatofighi et al. 2019) of boxes that stand opposite each other.

    Args:
        first: float [..., 4], broadcast against `second`.
        second: float [..., 4], the same unit.

    Returns:
        float [...] in -1..1: the IoU less the share of the enclosing box that neither covers.
    """
    shared, union = _intersection_and_union(first, second)
    eps = torch.finfo(union.dtype).eps
    low = torch.minimum(first[..., :2], second[..., :2])
    high = torch.maximum(first[..., 2:], second[..., 2:])
    hull = (high - low).prod(dim=-1)
    return shared / union.clamp(min=eps) - (hull - union) / hull.clamp(min=eps)


def shape_iou(first: Tensor, second: Tensor) -> Tensor:
    """IoU of all pairs of boxes laid on one centre: of their widths and heights alone.

    Args:
        first: float [N, 2], widths and heights.
        second: float [M, 2], the same unit.

    Returns:
        float [N, M] in 0..1.
    """
    shared = torch.minimum(first[:, None], second).prod(dim=-1)
    union = first.prod(dim=-1)[:, None] + second.prod(dim=-1) - shared
    return shared / union.clamp(min=torch.finfo(union.dtype).eps)
