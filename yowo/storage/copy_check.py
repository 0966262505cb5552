"""Verification of a copy: frame count, frame times, size and key frames are as requested, the pictures match."""

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
"""Number of frames that are compared: evenly spaced, including the first and the last one."""
TILES, TILE = 16, 8
"""Pictures are compared by the mean colours of tiles: at most 16 x 16 tiles, each at least 8 x 8 pixels of the copy.
The means ignore fine noise, which encoders drop, but detect a wrong frame, a wrong rotation or wrong colours."""
LEAST_PSNR = 22.0
"""Lowest accepted PSNR of the tile means, in dB. The hardest input, fresh noise in each frame at the worst allowed
quality, measures at least 25 dB with a short side of 16 pixels and 34 dB with 256; all other videos measure more."""
SAME_TIME = 2e-6
"""Tolerance of the first frame's time in seconds: containers store their start time in microseconds."""


class ReferenceFrame(NamedTuple):
    """A frame of the source that the copy is compared with.

    Attributes:
        position: Frame number, from 0.
        coarse: float64 [rows, columns, 3], RGB 0..255: the tile means of the frame as displayed.
    """

    position: int
    coarse: NDArray[np.float64]


def sample_positions(count: int) -> set[int]:
    """Return the numbers of the frames to compare in a video of `count` frames."""
    return set(np.linspace(0, count - 1, COMPARED).astype(int).tolist())


def reference_frame(
    position: int, frame: av.VideoFrame, stored: tuple[int, int], quarters: int, size: tuple[int, int]
) -> ReferenceFrame:
    """Compute the tile means of a source frame, converted to RGB in the same way as in `PyAVReader`.

    Args:
        position: Frame number, from 0.
        frame: The decoded frame.
        stored: Width and height in pixels before rotation, from the video's frame index.
        quarters: Rotation in quarter turns, see `FrameIndex`.
        size: Width and height in pixels of the copy.
    """
    picture = frame.to_ndarray(format="rgb24", width=stored[0], height=stored[1])
    return ReferenceFrame(position, coarse(np.rot90(cast(Frames, picture), quarters), size))


def coarse(picture: Frames, size: tuple[int, int]) -> NDArray[np.float64]:
    """Reduce a picture to the mean colours of its tiles.

    Args:
        picture: uint8 [H, W, 3], RGB, of the source or the copy.
        size: Width and height in pixels of the copy; they determine the number of tiles.

    Returns:
        float64 [rows, columns, 3], RGB 0..255.
    """
    parts = (min(TILES, max(1, size[0] // TILE)), min(TILES, max(1, size[1] // TILE)))
    reduced = Image.fromarray(np.ascontiguousarray(picture)).resize(parts, Image.Resampling.BOX)
    return np.asarray(reduced, dtype=np.float64)


def check_copy(path: Path, clock: Clock, gop: int, size: tuple[int, int], samples: list[ReferenceFrame]) -> None:
    """Read a written copy back and compare it with the request and the source.

    Args:
        path: The copy.
        clock: Expected presentation times of its frames.
        gop: Expected distance between key frames, in frames.
        size: Expected width and height in pixels.
        samples: Frames of the source to compare with.

    Raises:
        VideoError: The copy differs; the message says in what.
    """
    packets = read_packets(path)
    if len(packets.times) != len(clock.ticks):
        raise _wrong(path, f"{len(clock.ticks)} frames", f"{len(packets.times)}")
    if (packets.width, packets.height) != size:
        raise _wrong(path, f"{size[0]}x{size[1]} pixels", f"{packets.width}x{packets.height}")
    if not (packets.one_frame_each and packets.closed):
        raise _wrong(path, "one frame per packet and closed groups of pictures", "a file without them")
    keys = np.flatnonzero(packets.keys)
    if not np.array_equal(keys, np.arange(0, len(packets.times), gop)):
        raise _wrong(path, f"a key frame every {gop} frames", f"key frames at {keys[:5].tolist()}...")
    _check_times(path, clock)
    _check_pictures(path, samples, size)


def _check_times(path: Path, clock: Clock) -> None:
    """Compare the frame times that readers see, and the delay from the start of playback to the first frame."""
    index = frame_index(path)
    ticks = clock.rate * index.tick
    same = np.array_equal(
        (index.times - index.times[0]) * ticks.numerator, (clock.ticks - clock.ticks[0]) * ticks.denominator
    )
    begins = float(times_of(index).seconds[0])
    if not same or abs(begins - float(clock.delay)) > SAME_TIME:
        raise _wrong(
            path,
            f"the source's frame times, starting at {float(clock.delay):g} s",
            f"different ones, starting at {begins:g} s",
        )


def _check_pictures(path: Path, samples: list[ReferenceFrame], size: tuple[int, int]) -> None:
    with PyAVReader(path) as reader:
        pictures = reader.get_frames([one.position for one in samples])
    for one, picture in zip(samples, pictures, strict=True):
        error = float(((coarse(picture, size) - one.coarse) ** 2).mean())
        psnr = 10 * np.log10(255**2 / error) if error else np.inf
        if psnr < LEAST_PSNR:
            expected = f"a PSNR of at least {LEAST_PSNR:g} dB between frame {one.position} and the source's"
            raise _wrong(path, expected, f"{psnr:.1f} dB")


def _wrong(path: Path, expected: str, got: str) -> VideoError:
    return VideoError(f"{path}: the copy failed its check: expected {expected}, got {got}; please report this as a bug")
