"""What a stream says about its newest frame at once, before `max_delay` further frames make it final."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]


class CurrentTube(NamedTuple):
    """A tube at the newest frame, as far as it is known now.

    Attributes:
        tube: Number of the tube in the stream; the final tube has the same.
        label: Class, counted from 0.
        start: First frame of the tube; a later frame may move it, as long as it is not final.
        box_xyxy: float32 [4], x1 y1 x2 y2 in pixels, on the newest frame.
        score: Score that the tube would have if it ended after this frame.
    """

    tube: int
    label: int
    start: int
    box_xyxy: Floats
    score: float


def acting_now(
    evidence: Reals, active: Flags, held: Ints, start_cost: float, patience: float, min_frames: int
) -> tuple[Flags, Ints]:
    """Find the best labelling of the frames that are not decided yet, and say who acts in the last of them.

    The labelling (action or background) has the highest total: an action frame adds its evidence, a background frame 0,
    each start of an action costs `start_cost`, and an action in the last frame gains `patience`, because it may
    continue. A new action has at least `min_frames` frames.

    Args:
        evidence: float64 [S, n], scores less the level, of n frames and S tracks; positive values mean action.
        active: bool [S], whether the track acted in the frame before.
        held: int64 [S], number of frames for which the action of an active track cannot end yet.
        start_cost: Summed evidence that a new action must exceed.
        patience: See above.
        min_frames: Least number of frames of a new action.

    Returns:
        bool [S], whether the track acts in the last frame, and int64 [S], the column in which that action started; -1
        for the action of an active track that has not ended.

    Examples:
        >>> rows = np.array([[-0.2, 0.5, 0.5, 0.5, 0.5], [0.5, 0.5, -2.0, -2.0, -2.0]])
        >>> acts, starts = acting_now(rows, np.array([False, True]), np.zeros(2, np.int64), 1.0, 0.5, 3)
        >>> acts.tolist(), int(starts[0])
        ([True, False], 1)
    """
    rows, known = evidence.shape
    sums = np.concatenate([np.zeros((rows, 1)), np.cumsum(evidence, axis=1)], axis=1)
    idle = np.full((known + 1, rows), -np.inf)  # best total of the first t frames, the last of them background
    idle[0] = np.where(active & (held > 0), -np.inf, 0.0)
    total, starts = np.where(active, 0.0, -np.inf), np.full(rows, -1)
    for t in range(1, known + 1):
        idle[t] = np.maximum(idle[t - 1], np.where(t > held, total, -np.inf))
        total = total + evidence[:, t - 1]
        if t >= min_frames:
            fresh = idle[t - min_frames] - start_cost + sums[:, t] - sums[:, t - min_frames]
            starts = np.where(fresh > total, t - min_frames, starts)
            total = np.maximum(fresh, total)
    return total + patience > idle[known], starts
