"""Whether something acts in a frame, decided once from that frame and a few that follow it (fixed-lag decoding)."""

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]


def acting(evidence: Reals, active: Flags, held: Flags, start_cost: float, patience: float, min_frames: int) -> Flags:
    """Decide the first frame of each row; what was decided for the frame before it stands.

    The best labelling of the frames ahead with two states is looked for: frames of action earn their evidence, others
    nothing, and to start costs `start_cost`; a stretch and one more after it are looked at. An action that lasts to the
    last frame ahead earns `patience` besides, as it need not be stopped yet.

    Args:
        evidence: float64 [S, n], for the frame to decide and those after it; positive speaks for action.
        active: bool [S], whether it acted in the frame before.
        held: bool [S], an action that may not end yet.
        start_cost: Evidence that a new action must exceed.
        patience: See above.
        min_frames: An action starts only if this many frames are known, and pays if it lasts them all.

    Returns:
        bool [S].
    """
    rows, known = evidence.shape
    sums = np.concatenate([np.zeros((rows, 1)), np.cumsum(evidence, axis=1)], axis=1)
    highest_later = np.maximum.accumulate(sums[:, ::-1], axis=1)[:, ::-1]
    from_here = highest_later[:, :-1] - sums[:, :-1]
    restarted = np.maximum.accumulate(from_here[:, ::-1], axis=1)[:, ::-1] - start_cost
    later = np.concatenate([np.maximum(restarted, 0), np.zeros((rows, 1))], axis=1)
    totals = sums + later
    pause = later[:, 1]
    stay = np.maximum(totals[:, 1:].max(axis=1), sums[:, -1] + patience)
    if known < min_frames:
        going_on: Flags = active & (held | (stay > pause))
        return going_on
    start = totals[:, min_frames:].max(axis=1) - start_cost
    decided: Flags = np.where(active, held | (stay > pause), start > pause)
    return decided
