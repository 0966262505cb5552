"""Which frames make a clip. Pure: no video is opened here."""

import numpy as np
from numpy.typing import NDArray

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
