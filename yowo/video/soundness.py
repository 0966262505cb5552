"""Whether a file is undamaged: its pictures are decoded once, before anything relies on them."""

from enum import Enum
from pathlib import Path

import av
import numpy as np

from yowo.video.file_facts import FileFacts, file_facts
from yowo.video.file_pass import Decode, FilePass, read_file
from yowo.video.frame_index import FrameIndex, remember
from yowo.video.packets import CONTAINERS_WITH_TIMES, DECODING_ERRORS, NO_TIME, film_stream

MOST_PIXELS = 1_000_000_000
"""Pixels of all frames of a file that is still decoded beforehand: 13 000 frames of 320x240, some seconds of work."""
MOST_JUMPS = 50
"""Key frames that are jumped to, evenly spread, to find a wrong table of contents."""


class Soundness(Enum):
    """What is known about the content of a file."""

    SOUND = "sound"
    DAMAGED = "damaged"
    TOO_LONG = "too long to be decoded beforehand"


def soundness(path: str | Path) -> Soundness:
    """Decode a file as strictly as the decoder can, and tell whether all frames that its packets promise are there.

    Decoders conceal damage, each in its own way, and some wait for ever for a picture that never comes. A damaged file
    is therefore read by one decoder only, in one way: by PyAV, from the first frame on. The result is kept for the life
    of the process as long as the file does not change.

    The file is read once from beginning to end, and at most `MOST_JUMPS` key packets are read again. A damaged file
    whose packets do not number the frames is read a second time, to count the frames before the damage.

    Raises:
        VideoError: The file is not a video, or nothing of it can be decoded.
    """
    known = file_facts(path)
    if known.soundness is None:
        known.soundness = _examined(path, known)
    return known.soundness


def _examined(path: str | Path, known: FileFacts) -> Soundness:
    if known.index is not None and _too_long(known.index):
        return Soundness.TOO_LONG
    found = read_file(path, Decode.STRICT, MOST_PIXELS)
    index = known.index or remember(path, known, found)
    if _too_long(index):
        return Soundness.TOO_LONG
    if found.too_long:  # the header promised more frames than there are, or packets that number the frames
        found = read_file(path, Decode.STRICT)
    try:
        sound = found.complete and _as_indexed(index, found) and _jumps_lead_right(path, index, found)
    except DECODING_ERRORS:
        sound = False
    return Soundness.SOUND if sound else Soundness.DAMAGED


def _too_long(index: FrameIndex) -> bool:
    """Whether a file is too long to be decoded beforehand; never so if only decoding numbers its frames."""
    return not index.decoded and len(index.times) * index.width * index.height > MOST_PIXELS


def _as_indexed(index: FrameIndex, found: FilePass) -> bool:
    """Whether strict decoding gave the frames of the index, in its order and size; frames may lack a time."""
    times = np.array(found.frames.times, dtype=np.int64)
    same_size = (found.frames.width, found.frames.height) == (index.width, index.height)
    return same_size and len(times) == len(index.times) and bool(((times == index.times) | (times == NO_TIME)).all())


def _jumps_lead_right(path: str | Path, index: FrameIndex, found: FilePass) -> bool:
    """Whether jumps to key frames lead to the packets that sequential reading found.

    Raises:
        FFmpegError: A jump fails.
    """
    with av.open(str(path)) as container:
        stream = film_stream(container)
        if not CONTAINERS_WITH_TIMES & set(container.format.name.split(",")):
            return True  # jumps are estimates in it, which the reader checks
        for time in index.times[index.keys[:: len(index.keys) // MOST_JUMPS + 1]].tolist():
            if time not in found.key_packets or not index.keys.any():
                continue  # no time to jump to, or never jumped to
            container.seek(time, stream=stream)
            first = next((packet for packet in container.demux(stream) if packet.pts == time), None)
            if first is None or hash(bytes(first)) != found.key_packets[time]:
                return False
    return True
