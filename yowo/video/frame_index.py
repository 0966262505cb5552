"""Where the frames of a file are: their times in the order in which they are shown, and where decoding can begin."""

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from yowo.errors import VideoError
from yowo.video.packets import DECODING_ERRORS, NO_TIME, begin, rate, read_packets, words


class FrameIndex(NamedTuple):
    """The frames of a file.

    Attributes:
        times: int64 [n], time of each frame in the order of showing, in units of the stream; `NO_TIME` for none.
        keys: int64 [k], positions of frames that decoding can begin at, rising; the first is 0. It is the only one in
            a file with missing pieces: what its container says about places and times is no longer true.
        fps: Frames a second, on average.
        width: Pixels.
        height: Pixels.
        decoded: Whether it was found by decoding; else by reading packets, which believes that all can be decoded.
        tick: Seconds of one unit of the stream's time.
        origin: Seconds, on the stream's clock, at which a player begins; None where the container does not tell.
        closed: Whether key frames are known to be clean cuts, see `Packets.closed`, so that no picture behind a jump
            lacks those that it is made from.
        quarters: Quarter turns, against the clock, in which pictures are shown; `width` and `height` are of the picture
            as stored.
    """

    times: NDArray[np.int64]
    keys: NDArray[np.int64]
    fps: float
    width: int
    height: int
    decoded: bool
    tick: Fraction
    origin: Fraction | None
    closed: bool = False
    quarters: int = 0


def frame_index(path: str | Path, by_decoding: bool = False) -> FrameIndex:
    """Return the index of a file, kept for the life of the process as long as the file does not change.

    Args:
        path: The file.
        by_decoding: Decode the whole file. Without it that is done only where packets do not number the frames.

    Raises:
        VideoError: It is not there, holds no video, or nothing of it can be decoded.
    """
    try:
        facts = Path(path).stat()
    except OSError as error:
        raise VideoError(f"{path}: not a readable video ({words(error)})") from error
    return _kept(str(path), facts.st_size, facts.st_mtime_ns, by_decoding)


@lru_cache(maxsize=4096)
def _kept(path: str, size: int, modified: int, by_decoding: bool) -> FrameIndex:
    """Index a file; its size and time of change tell the versions apart."""
    packets = read_packets(path)
    if packets.one_frame_each and packets.width and packets.height and not by_decoding:
        order = np.argsort(packets.times)
        times, keys = packets.times[order], np.flatnonzero(packets.keys[order])
        width, height = packets.width, packets.height
        return FrameIndex(
            times, keys, packets.fps, width, height, False, packets.tick, packets.origin, packets.closed, _turned(path)
        )
    return _decode(path, packets.whole)


def _decode(path: str, can_seek: bool) -> FrameIndex:
    times: list[int] = []
    keys: list[bool] = []
    width = height = turned = 0
    try:
        with av.open(path) as container:
            stream = container.streams.video[0]
            fps, tick, origin = rate(stream), stream.time_base or Fraction(1), begin(container)
            for frame in decoded(container):
                times.append(NO_TIME if frame.pts is None else frame.pts)
                keys.append(frame.key_frame)
                width, height = width or frame.width, height or frame.height
                turned = turned if len(times) > 1 else quarters(frame)
    except DECODING_ERRORS as error:
        raise VideoError(f"{path}: not a readable video ({words(error)})") from error
    if not times:
        raise VideoError(f"{path}: not one frame of it can be decoded")
    shown = np.array(times, dtype=np.int64)
    _, which, count = np.unique(shown, return_inverse=True, return_counts=True)
    seekable = np.array(keys) & (shown > NO_TIME) & (count[which] == 1) & can_seek
    seekable[0] = True
    return FrameIndex(shown, np.flatnonzero(seekable), fps, width, height, True, tick, origin, quarters=turned)


def quarters(frame: av.VideoFrame) -> int:
    """Return the quarter turns against the clock that a frame's display matrix asks for; 0 for other angles."""
    return 0 if frame.rotation % 90 else frame.rotation // 90 % 4


def _turned(path: str) -> int:
    """Return the quarter turns of a file's first picture; 0 where none can be decoded."""
    try:
        with av.open(path) as container:
            return next((quarters(frame) for frame in decoded(container)), 0)
    except DECODING_ERRORS:
        return 0


def decoded(container: InputContainer, strict_from: int | None = None) -> Iterator[av.VideoFrame]:
    """Yield the frames of the first video stream from where the container stands.

    Packets that cannot be decoded are passed over before the first frame, as in a recording that begins in the middle;
    after it they are the end, because frames beyond them could not be numbered.

    Args:
        container: The open file.
        strict_from: Time from which on a packet that cannot be decoded is an error, in units of the stream; None for
            never. Behind a jump, pictures that are shown before the key frame lack those that they are made from.

    Raises:
        FFmpegError: Nothing can be decoded, or something cannot from `strict_from` on.
    """
    seen, failure = False, None
    packets = container.demux(container.streams.video[0])
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            break
        except DECODING_ERRORS as error:
            failure = error
            break
        try:
            frames = packet.decode()
        except DECODING_ERRORS as error:
            if strict_from is not None and (packet.pts is None or packet.pts >= strict_from):
                raise
            if seen:
                return
            failure = error
            continue
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                seen = True
                yield frame
    if failure is not None and (strict_from is not None or not seen):
        raise failure
