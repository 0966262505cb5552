"""Whether a copy is what it should be: every frame at its time, key frames where asked for, the same pictures."""

from pathlib import Path
from typing import NamedTuple, cast

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yowo.errors import VideoError
from yowo.storage.copy_clock import Clock
from yowo.video.frame_index import frame_index
from yowo.video.frame_times import times_of
from yowo.video.frames import Frames
from yowo.video.packets import read_packets
from yowo.video.pyav_reader import PyAVReader

COMPARED = 8
"""Frames that are compared, evenly spread, the first and the last among them."""
TILES, TILE = 16, 8
"""A picture is compared by the means of its parts, at most 16 in a row and a column, and of 8 pixels of the copy or
more: they do not know fine noise, which encoders drop, but tell other frames, turned pictures and other colours."""
LEAST_PSNR = 22.0
"""Decibels. Measured at the worst quality allowed, on noise that is another in each frame: 25 and more in pictures of
16 pixels, 34 in those of 256; more in all else."""
SAME_TIME = 2e-6
"""Seconds: containers keep their beginning in millionths."""


class ReferenceFrame(NamedTuple):
    """A frame of the source to compare with.

    Attributes:
        position: Its number.
        coarse: float64 [rows, columns, 3], its picture as shown, reduced.
    """

    position: int
    coarse: NDArray[np.float64]


def sample_positions(count: int) -> set[int]:
    """Return the positions of the frames to compare, of `count`."""
    return set(np.linspace(0, count - 1, COMPARED).astype(int).tolist())


def reference_frame(
    position: int, frame: av.VideoFrame, stored: tuple[int, int], quarters: int, size: tuple[int, int]
) -> ReferenceFrame:
    """Reduce a frame of the source, converted just as `PyAVReader` does.

    Args:
        position: Its number.
        frame: As decoded.
        stored: Width and height in pixels of the film's index.
        quarters: Turns, see `FrameIndex`.
        size: Width and height in pixels of the copy.
    """
    picture = frame.to_ndarray(format="rgb24", width=stored[0], height=stored[1])
    return ReferenceFrame(position, coarse(np.rot90(cast(Frames, picture), quarters), size))


def coarse(picture: Frames, size: tuple[int, int]) -> NDArray[np.float64]:
    """Reduce a picture, uint8 [H, W, 3], to means of its parts, float64 [rows, columns, 3].

    Args:
        picture: Of the source or the copy.
        size: Width and height in pixels of the copy, which the number of parts goes by.
    """
    parts = (min(TILES, max(1, size[0] // TILE)), min(TILES, max(1, size[1] // TILE)))
    reduced = Image.fromarray(np.ascontiguousarray(picture)).resize(parts, Image.Resampling.BOX)
    return np.asarray(reduced, dtype=np.float64)


def check_copy(path: Path, clock: Clock, gop: int, size: tuple[int, int], samples: list[ReferenceFrame]) -> None:
    """Compare a copy with what was asked for, from the file that was written.

    Args:
        path: The copy.
        clock: When its frames are to be shown.
        gop: Frames from key frame to key frame.
        size: Width and height in pixels.
        samples: Frames of the source.

    Raises:
        VideoError: Something differs; the message says what.
    """
    packets = read_packets(path)
    if len(packets.times) != len(clock.ticks):
        raise _wrong(path, f"{len(clock.ticks)} frames", f"{len(packets.times)}")
    if (packets.width, packets.height) != size:
        raise _wrong(path, f"{size[0]}x{size[1]} pixels", f"{packets.width}x{packets.height}")
    if not (packets.one_frame_each and packets.closed):
        raise _wrong(path, "one frame a packet and closed groups of pictures", "others")
    keys = np.flatnonzero(packets.keys)
    if not np.array_equal(keys, np.arange(0, len(packets.times), gop)):
        raise _wrong(path, f"a key frame every {gop} frames", f"them at {keys[:5].tolist()}...")
    _check_times(path, clock)
    _check_pictures(path, samples, size)


def _check_times(path: Path, clock: Clock) -> None:
    """Compare the times that readers see, after the one at which a player begins."""
    index = frame_index(path)
    ticks = clock.rate * index.tick
    same = np.array_equal(
        (index.times - index.times[0]) * ticks.numerator, (clock.ticks - clock.ticks[0]) * ticks.denominator
    )
    begins = float(times_of(index).seconds[0])
    if not same or abs(begins - float(clock.delay)) > SAME_TIME:
        raise _wrong(path, f"the source's times, from {float(clock.delay):g} s on", f"others, from {begins:g} s on")


def _check_pictures(path: Path, samples: list[ReferenceFrame], size: tuple[int, int]) -> None:
    with PyAVReader(path) as reader:
        pictures = reader.get_frames([one.position for one in samples])
    for one, picture in zip(samples, pictures, strict=True):
        error = float(((coarse(picture, size) - one.coarse) ** 2).mean())
        psnr = 10 * np.log10(255**2 / error) if error else np.inf
        if psnr < LEAST_PSNR:
            raise _wrong(path, f"frame {one.position} like the source's, {LEAST_PSNR:g} dB or more", f"{psnr:.1f} dB")


def _wrong(path: Path, expected: str, got: str) -> VideoError:
    return VideoError(f"{path}: the copy is not as it should be: expected {expected}, got {got}; please report this")
