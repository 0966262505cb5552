"""Which frames make a clip. Pure: no video is opened here."""

import numpy as np
from numpy.typing import NDArray

CLIP_RATE = 30.0
"""Frames a second that clips of films are taken at, as AVA's users extract them."""
MIN_CLIP_LEN = 8
"""The 3D backbones halve time four times; shorter clips leave nothing to learn motion from."""


def clip_indices(
    frame: int, num_frames: int, clip_len: int, dilation: int = 1, repeat_key_frame: bool = False
) -> NDArray[np.int64]:
    """Return the frames of the clip that ends at a key frame.

    Frames before the video's first repeat it (YOWO's rule); the key frame is last.

    Args:
        frame: Position of the key frame, from 0.
        num_frames: Frames of the video.
        clip_len: K.
        dilation: Steps in frames from one frame of the clip to the next.
        repeat_key_frame: Take the key frame K times instead: the control that shows what motion is worth.

    Returns:
        int64 [K], each 0 to num_frames - 1, not falling.
    """
    if repeat_key_frame:
        return np.full(clip_len, min(max(frame, 0), num_frames - 1), dtype=np.int64)
    return np.clip(frame - dilation * np.arange(clip_len - 1, -1, -1), 0, num_frames - 1)


def clip_moments(second: float, clip_len: int, dilation: int = 1) -> NDArray[np.float64]:
    """Return the moments of the clip that ends at a key frame of a film, as if it had `CLIP_RATE` frames a second.

    The frame shown at each of them is what extraction at that rate would give: in a film of 24 frames a second every
    fifth one or so repeats the one before it.

    Args:
        second: Moment of the key frame.
        clip_len: K.
        dilation: Steps from one moment to the next, in 1 / `CLIP_RATE` seconds.

    Returns:
        float64 [K], seconds, rising, `second` last; they may lie before the film's beginning.
    """
    return np.asarray(second - dilation / CLIP_RATE * np.arange(clip_len - 1, -1, -1), dtype=np.float64)
