"""Overlap of boxes as the UCF101-24 and JHMDB programs count it: in whole, inclusive pixels."""

import numpy as np
from numpy.typing import NDArray


def pixel_iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of boxes that stand opposite each other, with widths of x2 - x1 + 1.

    A rule of the published frame-mAP and of its tube overlaps, not of geometry: a box from pixel 3 to pixel 5 is three
    pixels wide, and boxes that share an edge overlap. `yowo.boxes.geometry.iou` is the one to use elsewhere.

    Args:
        first: float64 [..., 4], x1 y1 x2 y2 in pixels; broadcast against `second`.
        second: float64 [..., 4], likewise.

    Returns:
        float64 [...] in 0..1; 0 for boxes that do not touch (x1 of one beyond x2 of the other), however near they are.
    """
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    touching = (low <= high).all(axis=-1)
    shared = np.where(touching, (high - low + 1).prod(axis=-1), 0.0)
    union = _area(first) + _area(second) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=touching)


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    size: NDArray[np.float64] = boxes[..., 2:] - boxes[..., :2] + 1
    return size[..., 0] * size[..., 1]
