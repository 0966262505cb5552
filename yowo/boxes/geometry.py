"""Box formats and overlaps. Boxes are float tensors x1, y1, x2, y2 with x1 <= x2 and y1 <= y2, in any unit."""

import math

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


def box_area(boxes: Tensor) -> Tensor:
    """Compute the areas of boxes.

    Args:
        boxes: float [..., 4], x1 y1 x2 y2.

    Returns:
        float [...] in the square of the boxes' unit; 0 for boxes whose corners are swapped (x2 < x1 or y2 < y1).
    """
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(dim=-1)


def _intersection_and_union(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Return the areas [...] of intersection and union of two broadcastable sets of boxes [..., 4]."""
    low = torch.maximum(first[..., :2], second[..., :2])
    high = torch.minimum(first[..., 2:], second[..., 2:])
    shared = (high - low).clamp(min=0).prod(dim=-1)
    return shared, box_area(first) + box_area(second) - shared


def iou(first: Tensor, second: Tensor) -> Tensor:
    """Compute the intersection over union of pairs of boxes.

    Args:
        first: float [..., 4]; broadcast against `second`, so [N, 1, 4] against [M, 4] gives all pairs [N, M].
        second: float [..., 4], the same unit.

    Returns:
        float [...] in 0..1; 0 where both boxes are empty.

    Examples:
        >>> first, second = torch.tensor([[0.0, 0, 2, 2], [1, 1, 3, 3]]), torch.tensor([[0.0, 0, 2, 1]])
        >>> iou(first, second)
        tensor([0.5000, 0.0000])
        >>> iou(first[:, None], first).shape
        torch.Size([2, 2])
    """
    shared, union = _intersection_and_union(first, second)
    return shared / union.clamp(min=torch.finfo(union.dtype).eps)


def giou(first: Tensor, second: Tensor) -> Tensor:
    """Compute the generalised IoU (Rezatofighi et al. 2019) of pairs of boxes.

    Args:
        first: float [..., 4], broadcast against `second`.
        second: float [..., 4], the same unit.

    Returns:
        float [...] in -1..1: the IoU minus the share of the enclosing box that neither of the two boxes covers.

    Examples:
        >>> giou(torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([[0.0, 0, 1, 1], [3, 0, 4, 1]]))
        tensor([ 1.0000, -0.5000])
    """
    shared, union = _intersection_and_union(first, second)
    eps = torch.finfo(union.dtype).eps
    low = torch.minimum(first[..., :2], second[..., :2])
    high = torch.maximum(first[..., 2:], second[..., 2:])
    hull = (high - low).prod(dim=-1)
    return shared / union.clamp(min=eps) - (hull - union) / hull.clamp(min=eps)


def shape_iou(first: Tensor, second: Tensor) -> Tensor:
    """Compute the IoU of all pairs of boxes as if both had the same centre: only width and height count.

    Args:
        first: float [N, 2], widths and heights.
        second: float [M, 2], the same unit.

    Returns:
        float [N, M] in 0..1.
    """
    shared = torch.minimum(first[:, None], second).prod(dim=-1)
    union = first.prod(dim=-1)[:, None] + second.prod(dim=-1) - shared
    return shared / union.clamp(min=torch.finfo(union.dtype).eps)


def ciou(first: Tensor, second: Tensor, eps: float = 1e-7) -> Tensor:
    """Compute the complete IoU (Zheng et al. 2020) of pairs of boxes, with the roundings of YOLOv8.

    IoU less the squared distance of the centres over the squared diagonal of the enclosing box, less the difference of
    the aspect ratios, whose factor has no gradient.

    Args:
        first: float [..., 4], broadcast against `second`.
        second: float [..., 4], the same unit.
        eps: Added to heights, union and squared diagonal.

    Returns:
        float [...], at most 1.
    """
    (w1, h1), (w2, h2) = ((boxes[..., 2:] - boxes[..., :2]).unbind(dim=-1) for boxes in (first, second))
    h1, h2 = h1 + eps, h2 + eps
    shared, _ = _intersection_and_union(first, second)
    overlap = shared / (w1 * h1 + w2 * h2 - shared + eps)
    hull = torch.maximum(first[..., 2:], second[..., 2:]) - torch.minimum(first[..., :2], second[..., :2])
    diagonal = hull.square().sum(dim=-1) + eps
    apart = (first[..., :2] + first[..., 2:] - second[..., :2] - second[..., 2:]).square().sum(dim=-1) / 4
    aspect = (4 / math.pi**2) * ((w2 / h2).atan() - (w1 / h1).atan()).square()
    with torch.no_grad():
        factor = aspect / (aspect - overlap + (1 + eps))
    return overlap - (apart / diagonal + aspect * factor)
