"""Whether a file is whole inside: its pictures are decoded once, before anything relies on them."""

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import av

from yowo.video.frame_index import FrameIndex, decoded, frame_index
from yowo.video.packets import CONTAINERS_WITH_TIMES, DECODING_ERRORS, NO_TIME

MOST_PIXELS = 1_000_000_000
"""Pixels of a file that is still decoded as a whole: 13 000 frames of 320x240, some seconds of work."""
CONCEALED = "concealing"
"""What FFmpeg writes into its log, and nowhere else, where it paints over a missing part of a picture."""
HOLE = b"\0\0\0\0"
CODECS_WITHOUT_ZEROS = {"h264", "hevc"}
MOST_JUMPS = 50
"""Key frames that are jumped to, evenly spread, in search of a wrong table of contents."""
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
    index = frame_index(path)
    if not index.decoded and pixels > MOST_PIXELS:
        return Soundness.TOO_LONG
    try:
        sound = _packets_agree(path, index) and _as_indexed(path, index)
    except DECODING_ERRORS:
        sound = False
    return Soundness.SOUND if sound else Soundness.DAMAGED


def stop_at_errors(stream: av.VideoStream, options: Mapping[str, str] = MappingProxyType({})) -> None:
    """Make a stream's decoder fail at damage that it would paint over otherwise; several threads would keep it back."""
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"err_detect": "explode", **options}


def _as_indexed(path: str, index: FrameIndex) -> bool:
    """Whether strict decoding gives the frames of the index, in its order and size.

    Raises:
        FFmpegError: Something cannot be decoded.
    """
    at, level = 0, av.logging.get_level()
    av.logging.set_level(av.logging.DEBUG)
    try:
        with av.logging.Capture() as said, av.open(path) as container:
            stop_at_errors(container.streams.video[0], QUICK)
            for frame in decoded(container, NO_TIME):
                late = at >= len(index.times) or (frame.pts is not None and frame.pts != index.times[at])
                if late or frame.is_corrupt or (frame.width, frame.height) != (index.width, index.height):
                    return False
                if any(CONCEALED in message for _, _, message in said):
                    return False
                said.clear()
                at += 1
        return at == len(index.times) and not any(CONCEALED in message for _, _, message in said)
    finally:
        av.logging.set_level(level)


def _packets_agree(path: str, index: FrameIndex) -> bool:
    """Whether packets hold what they can hold, and jumps to key frames lead to the packets that reading on leads to.

    H.264 and HEVC keep runs of zeros out of their packets (ITU-T H.264, 7.4.1), so such a run is a hole in the file.
    """
    found: dict[int, int] = {}
    with av.open(path) as container:
        stream = container.streams.video[0]
        without_zeros = stream.codec_context.name in CODECS_WITHOUT_ZEROS
        for packet in container.demux(stream):
            data = bytes(packet)
            if without_zeros and HOLE in data:
                return False
            if packet.pts is not None and packet.is_keyframe:
                found[packet.pts] = hash(data)
    with av.open(path) as container:
        stream = container.streams.video[0]
        if not CONTAINERS_WITH_TIMES & set(container.format.name.split(",")):
            return True  # jumps are a guess in it, which the reader checks
        for time in index.times[index.keys[:: len(index.keys) // MOST_JUMPS + 1]].tolist():
            if time not in found or not index.keys.any():
                continue  # no time to jump to, or never jumped to
            container.seek(time, stream=stream)
            first = next((packet for packet in container.demux(stream) if packet.pts == time), None)
            if first is None or hash(bytes(first)) != found[time]:
                return False
    return True
