"""Overlap of tubes in space and time, by the rule of the published video-mAP (rule 8)."""

import numpy as np

from yowo.contracts import Tube


def tube_iou(first: Tube, second: Tube) -> float:
    """Return the spatio-temporal IoU of two tubes whose boxes are in pixels.

    Mean box IoU over the common frames (inclusive pixels: widths of x2 - x1 + 1) times common frames / frames from the
    first start to the last end. Fewer than two common frames give 0.

    Areas and the lower right edges are float32, the rest float64, as where the published figures come from.

    Args:
        first: Boxes float [T, 4], x1 y1 x2 y2 in pixels.
        second: Likewise.

    Returns:
        0..1.
    """
    start = max(first.start, second.start)
    stop = min(first.start + len(first.boxes), second.start + len(second.boxes))
    if stop - start < 2:
        return 0.0
    spanned = max(first.start + len(first.boxes), second.start + len(second.boxes)) - min(first.start, second.start)
    one = first.boxes[start - first.start : stop - first.start].astype(np.float32)
    other = second.boxes[start - second.start : stop - second.start].astype(np.float32)
    low = np.maximum(one[:, :2], other[:, :2]).astype(np.float64)
    high = np.minimum(one[:, 2:] + np.float32(1), other[:, 2:] + np.float32(1)).astype(np.float64)
    shared = np.maximum(0.0, high - low).prod(axis=1)
    areas = [(boxes[:, 2:] - boxes[:, :2] + np.float32(1)).prod(axis=1).astype(np.float64) for boxes in (one, other)]
    return float(np.mean(shared / (areas[0] + areas[1] - shared)) * (stop - start) / spanned)
