"""Whether a file is whole inside: its pictures are decoded once, before anything relies on them."""

from enum import Enum
from functools import lru_cache
from pathlib import Path

import av

from yowo.video.frame_index import FrameIndex, decoded, frame_index
from yowo.video.packets import DECODING_ERRORS

MOST_PIXELS = 1_000_000_000
"""Pixels of a file that is still decoded as a whole: 13 000 frames of 320x240, some seconds of work."""
STOP_AT_ERRORS = {"err_detect": "explode"}
"""Makes a decoder fail at damage that it would paint over otherwise."""
QUICK = {"skip_loop_filter": "all", "skip_idct": "all"}
"""Leaves out the costly end of decoding, which damage does not show in."""


class Soundness(Enum):
    """What is known of a file's inside."""

    SOUND = "sound"
    DAMAGED = "damaged"
    TOO_LONG = "too long to be decoded beforehand"


def soundness(path: str | Path) -> Soundness:
    """Decode a file as strictly as the decoder can, and tell whether all frames that its packets promise are there.

    Decoders paint over damage, each in its own way, and some wait for ever for a picture that never comes. A file
    found damaged is read by one decoder only, in one way: by PyAV, from the first frame on. What was found is kept
    for the life of the process as long as the file does not change.

    Raises:
        VideoError: The file is no video, or nothing of it can be decoded.
    """
    index = frame_index(path)
    facts = Path(path).stat()
    return _kept(str(path), facts.st_size, facts.st_mtime_ns, len(index.times) * index.width * index.height)


@lru_cache(maxsize=4096)
def _kept(path: str, size: int, modified: int, pixels: int) -> Soundness:
    """Look into a file; its size and time of change tell the versions apart."""
    if pixels > MOST_PIXELS:
        return Soundness.TOO_LONG
    return Soundness.SOUND if _as_indexed(path, frame_index(path)) else Soundness.DAMAGED


def _as_indexed(path: str, index: FrameIndex) -> bool:
    """Whether strict decoding gives the frames of the index, in its order and size, and no error."""
    at = 0
    try:
        with av.open(path) as container:
            context = container.streams.video[0].codec_context
            context.options = STOP_AT_ERRORS | QUICK
            for frame in decoded(container):
                late = at >= len(index.times) or (frame.pts is not None and frame.pts != index.times[at])
                if late or frame.is_corrupt or (frame.width, frame.height) != (index.width, index.height):
                    return False
                at += 1
    except DECODING_ERRORS:
        return False
    return at == len(index.times)
