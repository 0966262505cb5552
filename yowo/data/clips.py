"""Which frames a clip has. Pure arithmetic: no video is opened here."""

import numpy as np
from numpy.typing import NDArray

CLIP_RATE = 30.0
"""Frames per second at which clips of films are sampled, as AVA's users extract them."""
MIN_CLIP_LEN = 8
"""Shortest clip in frames: the 3D backbones halve the time axis four times, so shorter clips contain no motion."""


def clip_indices(
    frame: int, num_frames: int, clip_len: int, dilation: int = 1, repeat_key_frame: bool = False
) -> NDArray[np.int64]:
    """Return the frames of the clip that ends at a key frame.

    Positions before the start of the video are replaced by its first frame (YOWO's rule). The key frame is last.

    Args:
        frame: Position of the key frame, counted from 0.
        num_frames: Number of frames of the video.
        clip_len: K, the number of frames of the clip.
        dilation: Distance in frames between neighbouring frames of the clip.
        repeat_key_frame: Return the key frame K times, as a control without motion.

    Returns:
        int64 [K], positions 0 to num_frames - 1, in non-decreasing order.

    Examples:
        >>> clip_indices(frame=5, num_frames=100, clip_len=8)
        array([0, 0, 0, 1, 2, 3, 4, 5])
        >>> clip_indices(frame=50, num_frames=100, clip_len=8, dilation=2)
        array([36, 38, 40, 42, 44, 46, 48, 50])
    """
    if repeat_key_frame:
        return np.full(clip_len, min(max(frame, 0), num_frames - 1), dtype=np.int64)
    return np.clip(frame - dilation * np.arange(clip_len - 1, -1, -1), 0, num_frames - 1)


def clip_moments(second: float, clip_len: int, dilation: int = 1) -> NDArray[np.float64]:
    """Return the times of the frames of a clip that ends at a key frame, sampled at `CLIP_RATE` frames per second.

    The frame shown at each time is the one that extraction at `CLIP_RATE` would give. In a film of 24 frames per second
    about every fifth frame of a clip repeats the previous one.

    Args:
        second: Time of the key frame in seconds.
        clip_len: K, the number of frames of the clip.
        dilation: Distance between neighbouring frames of the clip, in units of 1 / `CLIP_RATE` seconds.

    Returns:
        float64 [K], seconds, increasing, `second` last; times can be negative, before the start of the film.

    Examples:
        >>> clip_moments(second=1.0, clip_len=4, dilation=6)
        array([0.4, 0.6, 0.8, 1. ])
    """
    return np.asarray(second - dilation / CLIP_RATE * np.arange(clip_len - 1, -1, -1), dtype=np.float64)
