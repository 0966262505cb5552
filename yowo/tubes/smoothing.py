"""Smoothing of the boxes of a track over time by local linear regression, which reduces jitter and fills gaps."""

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou

Reals = NDArray[np.float64]
REACH = 3
"""Frames further away than this many standard deviations of the window have no weight."""
STIFFNESS = 0.2
"""Regularisation of the local slope towards 0, so that the ends of a track do not overshoot."""
NOTHING = 1e-9
"""Weight of a frame without a box; above 0, so that long gaps are filled too."""
STRAY_IOU = 0.3
"""A box whose IoU with the first fit is at most this is an outlier."""
STRAY_WEIGHT = 0.05
"""Factor on the weight of an outlier in the second fit."""


def smooth_track(offsets: NDArray[np.int64], boxes_xyxy: Reals, weights: Reals, window: float) -> Reals:
    """Fit a line to the corners around each frame, with Gaussian weights in time.

    The fit is made twice; boxes with an IoU of at most `STRAY_IOU` with the first fit have little weight in the second.

    Args:
        offsets: int64 [n], frames that have a box, counted from the track's first frame (0), sorted; the last entry is
            the track's last frame, T - 1.
        boxes_xyxy: float64 [n, 4], x1 y1 x2 y2 in pixels.
        weights: float64 [n], above 0, such as scores.
        window: Standard deviation of the Gaussian weights in frames; 0 or less only fills gaps.

    Returns:
        float64 [T, 4], a box in pixels for every frame of the track.
    """
    length = int(offsets[-1]) + 1
    if window <= 0:
        frames = np.arange(length)
        return np.stack([np.interp(frames, offsets, boxes_xyxy[:, side]) for side in range(4)], axis=1)
    values, share = np.zeros((length, 4)), np.full(length, NOTHING)
    values[offsets], share[offsets] = boxes_xyxy, weights
    anchor = np.stack([np.interp(np.arange(length), offsets, boxes_xyxy[:, side]) for side in range(4)], axis=1)
    values = np.where((share <= NOTHING)[:, None], anchor, values)
    fitted = _local_lines(values, share, window)
    share[offsets] = weights * np.where(pair_iou(boxes_xyxy, fitted[offsets]) > STRAY_IOU, 1.0, STRAY_WEIGHT)
    return _local_lines(values, share, window)


def _local_lines(values: Reals, weights: Reals, window: float) -> Reals:
    steps = np.arange(-int(REACH * window + 1), int(REACH * window + 1) + 1, dtype=np.float64)
    from scipy.ndimage import convolve1d  # the first rows of a detection come before it has to load

    bell = np.exp(-0.5 * (steps / window) ** 2)

    def gather(data: Reals, kernel: Reals) -> Reals:
        gathered: Reals = convolve1d(data, kernel[::-1], axis=0, mode="constant")
        return gathered

    share = weights[:, None]
    s0, s1, s2 = (gather(share, bell * steps**power) for power in range(3))
    y0, y1 = (gather(share * values, bell * steps**power) for power in range(2))
    s2 = s2 + STIFFNESS * window**2 * s0
    fitted: Reals = (s2 * y0 - s1 * y1) / (s0 * s2 - s1**2)
    return fitted
