"""Fixed-lag decoding: label a frame action or background once, from that frame and a few that follow it."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]


def acting(evidence: Reals, active: Flags, held: Flags, start_cost: float, patience: float, min_frames: int) -> Flags:
    """Decide for each track whether it acts in the first frame of its row; earlier decisions are final.

    Finds the labelling of the known frames (action or background) with the highest total: an action frame adds its
    evidence, a background frame adds 0, and each start of an action costs `start_cost`. At most two action stretches
    are considered. An action that lasts until the last known frame gains `patience`, because it may continue.

    Args:
        evidence: float64 [S, n], scores less the level, of the frame to decide and the n - 1 frames after it, for S
            tracks; positive values mean action.
        active: bool [S], whether the track acted in the previous frame.
        held: bool [S], whether the track's action is too short to end yet.
        start_cost: Summed evidence that a new action must exceed.
        patience: Summed evidence added to an action that lasts until the last known frame.
        min_frames: A new action needs this many known frames and is scored over at least as many.

    Returns:
        bool [S], whether the track acts in the frame.
    """
    rows, known = evidence.shape
    sums = np.zeros((known + 1, rows))  # the frames of all tracks lie side by side in memory
    sums[1:] = evidence.T
    sums = _accumulated(np.add, sums)
    highest_later = _accumulated(np.maximum, sums[::-1].copy())[::-1]
    from_here = highest_later[:-1] - sums[:-1]
    restarted = _accumulated(np.maximum, from_here[::-1])[::-1] - start_cost
    totals = sums.copy()
    totals[:-1] += np.maximum(restarted, 0, out=restarted)
    pause = restarted[1] if known > 1 else np.zeros(rows)
    stay = np.maximum(totals[1:].max(axis=0), sums[-1] + patience)
    if known < min_frames:
        going_on: Flags = active & (held | (stay > pause))
        return going_on
    start = totals[min_frames:].max(axis=0) - start_cost
    decided: Flags = np.where(active, held | (stay > pause), start > pause)
    return decided


def _accumulated(function: np.ufunc, frames: Reals) -> Reals:
    """Accumulate over the first axis of frames, float64 [n, S], in place: `accumulate` is slow with many tracks."""
    for before, now in pairwise(frames):
        function(before, now, out=now)
    return frames
