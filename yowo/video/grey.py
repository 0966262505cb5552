"""Grey videos, whose black and white FFmpeg's converter takes for 0 and 255 whatever the stream says.

Streams of H.264 and its kin have black at 16 and white at 235 unless they say otherwise (ITU-T H.273,
VideoFullRangeFlag), also without colour. Converted as if they had the full range they come out paler than players
show them, by up to 20 levels.
"""

import av
import numpy as np
from av.video.reformatter import ColorRange

GREY = "gray"
"""How FFmpeg's names of grey pixel formats begin."""
LIMITED_UNLESS_SAID = frozenset(("h264", "hevc", "av1", "vp8", "vp9", "vvc", "mpeg1video", "mpeg2video", "mpeg4"))
"""Codecs whose levels are 16 to 235 where the stream is silent."""
NEUTRAL = 128
"""The value of chroma without colour."""


def is_grey(pixel_format: str | None) -> bool:
    """Tell whether a pixel format of FFmpeg is grey."""
    return pixel_format is not None and pixel_format.startswith(GREY)


def with_its_range(frame: av.VideoFrame, codec: str) -> av.VideoFrame:
    """Return a frame from which FFmpeg's converter makes the levels that a player shows.

    Args:
        frame: A decoded frame.
        codec: FFmpeg's name of its codec.

    Returns:
        The frame itself, unless it is grey with levels 16 to 235: then one with the same levels and neutral chroma, in
        8 bits (yuv420p).
    """
    if not is_grey(frame.format.name):
        return frame
    unspecified = frame.color_range == ColorRange.UNSPECIFIED
    if not (frame.color_range == ColorRange.MPEG or (unspecified and codec in LIMITED_UNLESS_SAID)):
        return frame
    levels = frame.reformat(format=GREY).to_ndarray() if frame.format.name != GREY else frame.to_ndarray()
    made = av.VideoFrame(frame.width, frame.height, "yuv420p")
    for number, plane in enumerate(made.planes):
        rows = np.full((plane.height, plane.line_size), NEUTRAL, dtype=np.uint8)
        if number == 0:
            rows[:, : frame.width] = levels
        plane.update(rows.tobytes())
    made.color_range = ColorRange.MPEG
    made.pts = frame.pts
    if frame.time_base is not None:
        made.time_base = frame.time_base
    return made
