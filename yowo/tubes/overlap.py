"""Overlap of tubes in space and time, by the rule of the published video-mAP (rule 8)."""

import numpy as np

from yowo.contracts import Tube


def tube_iou(first: Tube, second: Tube) -> float:
    """Return the spatio-temporal IoU of two tubes whose boxes are in pixels.

    The mean box IoU over the common frames (inclusive pixels: a width is x2 - x1 + 1), times the number of common
    frames divided by the number of frames from the first start to the last end. Fewer than two common frames give 0.

    Areas and the lower right edges are computed in float32, the rest in float64, as in the program that the published
    figures come from.

    Args:
        first: A tube, boxes float [T, 4], x1 y1 x2 y2 in pixels.
        second: Another tube, in the same format.

    Returns:
        The IoU, 0..1.

    Examples:
        Two tubes with equal boxes and five of ten frames in common.

        >>> boxes = np.tile(np.array([10, 10, 49, 89], np.float32), (10, 1))
        >>> round(tube_iou(Tube(0, 0, boxes), Tube(0, 5, boxes)), 3)
        0.333
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
