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
    low, high = np.maximum(first[..., :2], second[..., :2]), np.minimum(first[..., 2:], second[..., 2:])
    shared = np.maximum(high - low, 0).prod(axis=-1)
    union = sum((boxes[..., 2:] - boxes[..., :2]).prod(axis=-1) for boxes in (first, second)) - shared
    overlap: NDArray[np.float64] = np.divide(
        shared, union, out=np.zeros_like(shared, dtype=np.result_type(shared, np.float16)), where=shared > 0
    )
    return overlap
