"""Intersection over union of numpy arrays, for tubes, protocols and tables; `yowo.boxes.geometry` is for tensors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.floating[Any]]


def pair_iou(first: Reals, second: Reals) -> NDArray[np.float64]:
    """Compute the intersection over union of pairs of boxes; widths are x2 - x1, no pixel is added.

    Args:
        first: float or int [..., 4]; broadcast against `second`, so [N, 1, 4] against [M, 4] gives all pairs [N, M].
        second: float or int [..., 4], the same unit.

    Returns:
        float [...] in 0..1, of the arguments' type (float64 for integers); 0 where a box is empty.

    Examples:
        >>> pair_iou(np.array([[0.0, 0, 2, 2]]), np.array([[0.0, 0, 2, 1]]))
        array([0.5])
    """
    one, other = ([_real(boxes)[..., side] for side in range(4)] for boxes in (first, second))
    shared = np.maximum(np.minimum(one[2], other[2]) - np.maximum(one[0], other[0]), 0)
    shared = shared * np.maximum(np.minimum(one[3], other[3]) - np.maximum(one[1], other[1]), 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    union = areas[0] + areas[1] - shared
    overlap: NDArray[np.float64] = np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0)
    return overlap


def _real(boxes: Reals) -> Reals:
    """Return boxes as floating-point numbers; float64 for integers."""
    return boxes if np.issubdtype(boxes.dtype, np.floating) else boxes.astype(np.float64)


def iou_above(first: Reals, second: Reals, threshold: float) -> NDArray[np.bool_]:
    """Say which pairs of boxes overlap, in the arithmetic of `yowo.boxes.geometry.iou` to the last bit.

    Args:
        first: float [..., 4], x1 y1 x2 y2; broadcast against `second`, so [N, 1, 4] against [M, 4] gives all pairs.
        second: float [..., 4], the same type and unit.
        threshold: 0..1; it is rounded to the type of the boxes.

    Returns:
        bool [...], whether the IoU is above the threshold; boxes whose corners are swapped have no area.

    Examples:
        >>> iou_above(np.array([[0.0, 0, 2, 2]]), np.array([[0.0, 0, 2, 1]]), 0.4)
        array([ True])
    """
    kind = first.dtype.type
    one, other = ([boxes[..., side] for side in range(4)] for boxes in (first, second))
    areas = [np.maximum(box[2] - box[0], kind(0)) * np.maximum(box[3] - box[1], kind(0)) for box in (one, other)]
    shared = np.minimum(one[2], other[2])
    shared -= np.maximum(one[0], other[0])
    np.maximum(shared, kind(0), out=shared)
    height = np.minimum(one[3], other[3])
    height -= np.maximum(one[1], other[1])
    shared *= np.maximum(height, kind(0), out=height)
    union = np.subtract(areas[0] + areas[1], shared, out=height)
    shared /= np.maximum(union, np.finfo(kind).eps, out=union)
    above: NDArray[np.bool_] = shared > kind(threshold)
    return above
