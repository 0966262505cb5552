"""The frames of a file: their times in the order in which they are shown, and where decoding can begin."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from yowo.errors import VideoError
from yowo.video.file_facts import FileFacts, file_facts
from yowo.video.file_pass import Decode, FilePass, quarters, read_file
from yowo.video.packets import DECODING_ERRORS, NO_TIME, Packets, film_stream, words


class FrameIndex(NamedTuple):
    """The frames of a file.

    Attributes:
        times: int64 [n], time of each frame in the order of showing, in units of the stream; `NO_TIME` for none.
        keys: int64 [k], positions of frames that decoding can begin at, rising; the first is 0. It is the only one in
            a file with missing pieces, because what its container says about places and times is no longer true.
        fps: Average frames per second.
        width: Pixels.
        height: Pixels.
        decoded: Whether the index was made by decoding; otherwise from packets, assuming that all can be decoded.
        tick: Seconds of one unit of the stream's time.
        origin: Seconds, on the stream's clock, at which a player begins; None where the container does not tell.
        closed: Whether key frames are known to be clean cuts, see `Packets.closed`, so that no picture after a jump
            lacks those that it is predicted from.
        quarters: Quarter turns counterclockwise by which pictures are shown; `width` and `height` are those of the
            picture as stored.
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
    """Return the index of a file; it is kept for the life of the process as long as the file does not change.

    Args:
        path: The file.
        by_decoding: Decode the whole file. Otherwise that is done only where packets do not number the frames.

    Raises:
        VideoError: The file does not exist, holds no video, or nothing of it can be decoded.
    """
    known = file_facts(path)
    if by_decoding:
        if known.decoded is None:
            known.decoded = _index_of_frames(path, read_file(path, Decode.ALL))
        return known.decoded
    return known.index or remember(path, known, read_file(path, Decode.FIRST))


def remember(path: str | Path, known: FileFacts, found: FilePass) -> FrameIndex:
    """Make the index of a file from a pass over it, and keep it.

    Args:
        path: The file. It is read again if its frames must be numbered by decoding and `found` does not have all.
        known: Where the index goes.
        found: The pass.

    Raises:
        VideoError: Nothing of the file can be decoded.
    """
    packets = found.packets
    if packets.one_frame_each and packets.width and packets.height:
        index = _index_of_packets(packets, found.frames.quarters if found.frames.times else _first_quarters(path))
    elif known.decoded is None:
        index = known.decoded = _index_of_frames(path, found if found.complete else read_file(path, Decode.ALL))
    else:
        index = known.decoded
    known.clean_jumps, known.grey, known.index = packets.clean_jumps, packets.grey, index
    return index


def _index_of_packets(packets: Packets, turned: int) -> FrameIndex:
    order = np.argsort(packets.times)
    return FrameIndex(
        times=packets.times[order],
        keys=np.flatnonzero(packets.keys[order]),
        fps=packets.fps,
        width=packets.width,
        height=packets.height,
        decoded=False,
        tick=packets.tick,
        origin=packets.origin,
        closed=packets.closed,
        quarters=turned,
    )


def _index_of_frames(path: str | Path, found: FilePass) -> FrameIndex:
    """Make the index of a file from its decoded frames.

    Raises:
        VideoError: There are none.
    """
    packets, frames = found.packets, found.frames
    if not frames.times:
        if found.failure is None:
            raise VideoError(f"{path}: not one frame of it can be decoded")
        raise VideoError(f"{path}: not a readable video ({words(found.failure)})") from found.failure
    shown = np.array(frames.times, dtype=np.int64)
    _, which, count = np.unique(shown, return_inverse=True, return_counts=True)
    seekable = np.array(frames.keys) & (shown > NO_TIME) & (count[which] == 1) & packets.whole
    seekable[0] = True
    return FrameIndex(
        times=shown,
        keys=np.flatnonzero(seekable),
        fps=packets.fps,
        width=frames.width,
        height=frames.height,
        decoded=True,
        tick=packets.tick,
        origin=packets.origin,
        quarters=frames.quarters,
    )


def _first_quarters(path: str | Path) -> int:
    """Return the quarter turns of a file's first picture; 0 if none can be decoded."""
    try:
        with av.open(str(path)) as container:
            return next((quarters(frame) for frame in decoded(container)), 0)
    except DECODING_ERRORS:
        return 0


def decoded(container: InputContainer, strict_from: int | None = None) -> Iterator[av.VideoFrame]:
    """Yield the frames of the first video stream from the container's current position on.

    Packets that cannot be decoded are skipped before the first frame, as in a recording that begins in the middle.
    After it they end the iteration, because later frames could not be numbered.

    Args:
        container: The open file.
        strict_from: Time from which on a packet that cannot be decoded is an error, in units of the stream; None for
            never. After a jump, pictures that are shown before the key frame lack those that they are predicted from.

    Raises:
        FFmpegError: Nothing can be decoded, or something cannot from `strict_from` on.
    """
    seen, failure = False, None
    packets = container.demux(film_stream(container))
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
