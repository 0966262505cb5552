"""IoU of boxes as the UCF101-24 and JHMDB programs compute it: with inclusive pixels."""

import numpy as np
from numpy.typing import NDArray


def pixel_iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the intersection over union of pairs of boxes, with widths of x2 - x1 + 1.

    This is the rule of the published frame-mAP: a box from pixel 3 to pixel 5 is three pixels wide, and boxes that
    share an edge overlap. Use `yowo.boxes.geometry.iou` elsewhere.

    Args:
        first: float64 [..., 4], x1 y1 x2 y2 in pixels; broadcast against `second`.
        second: float64 [..., 4], x1 y1 x2 y2 in pixels.

    Returns:
        float64 [...] in 0..1; 0 for boxes that do not touch (x1 of one is beyond x2 of the other).

    >>> pixel_iou(np.array([[0.0, 0, 9, 9]]), np.array([[0.0, 0, 9, 4], [9.0, 0, 18, 9]])).round(4)
    array([0.5   , 0.0526])
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
