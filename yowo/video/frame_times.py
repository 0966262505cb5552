"""Which frame is shown at a moment: the timestamps of a film, read without decoding its pictures."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yowo.progress import track
from yowo.video.frame_index import FrameIndex, frame_index
from yowo.video.packets import NO_TIME

COARSE = 0.002
"""Seconds. Some containers round times to whole milliseconds; larger steps are true distances between frames."""
NOISE = 1e-6
"""Seconds of rounding error that a moment may have."""
SAME_START = 1e-4
"""Seconds. If a container's start, stored in microseconds, is no further from the first frame, they are equal."""
READERS = 8
"""Number of files read at the same time, because reading mostly waits for the disk."""


class FrameTimes(NamedTuple):
    """When the frames of a film begin to be shown.

    A frame is shown from its own time until that of the next one. Before its time the first frame is shown, and the
    last one is shown without end.

    Attributes:
        seconds: float64 [n], rising: when each frame begins to be shown. The film begins at 0 unless it was shifted.
        first: Position in the film of the first frame of `seconds`.
        slack: Seconds by which a stored time may be later than the true one.
        end: Seconds at which the film ends.
    """

    seconds: NDArray[np.float64]
    first: int = 0
    slack: float = NOISE
    end: float = 0.0

    def frames_at(self, moments: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the positions, int64 [k], of the frames that are shown at `moments`, float64 [k] in seconds."""
        shown = np.searchsorted(self.seconds, moments + self.slack, side="right") - 1
        return np.asarray(np.maximum(shown, 0) + self.first, dtype=np.int64)

    def time_of(self, frame: int) -> float:
        """Return the second at which the frame at a position begins to be shown; positions outside are moved inside."""
        return float(self.seconds[min(max(frame - self.first, 0), len(self.seconds) - 1)])

    def shifted(self, by: float) -> "FrameTimes":
        """Return the same frames with `by` seconds added to all times."""
        return self._replace(seconds=self.seconds + by, end=self.end + by)

    def between(self, start: float, end: float) -> "FrameTimes":
        """Return only the frames shown from second `start` to second `end`, to save memory; at least one."""
        low, high = self.frames_at(np.array([start, end])) - self.first
        return self._replace(seconds=self.seconds[low : high + 1].copy(), first=self.first + int(low))

    @classmethod
    def even(cls, count: int, rate: float) -> "FrameTimes":
        """Make the times of `count` frames at a constant rate, in frames per second."""
        return cls(np.arange(count) / rate, end=count / rate)


def read_frame_times(path: str | Path, num_frames: int | None = None) -> FrameTimes:
    """Read when the frames of a file are shown, whether its rate is constant or not.

    Second 0 is where a player begins: at the first frame, unless sound begins before it. If the times of the frames are
    missing or do not rise, the file's average rate is used.

    Args:
        path: The file.
        num_frames: Number of frames that can be decoded, as probing found. If the number of packets differs, the file
            is decoded once.

    Raises:
        VideoError: The file cannot be read.
    """
    index = frame_index(path)
    if num_frames is not None and len(index.times) != num_frames:
        index = frame_index(path, by_decoding=True)
    return times_of(index)


def times_of(index: FrameIndex) -> FrameTimes:
    """Return the times of the frames in an index, see `read_frame_times`."""
    ticks = index.times
    if ticks[0] == NO_TIME or (np.diff(ticks) <= 0).any():
        return FrameTimes.even(len(ticks), index.fps)
    begin, tick = int(ticks[0]), float(index.tick)
    first = begin * index.tick
    delay = 0.0 if index.origin is None else max(float(first - index.origin), 0.0)
    seconds = np.asarray((ticks - begin) * tick + (delay if delay > SAME_START else 0.0), dtype=np.float64)
    step = int(np.gcd.reduce(np.diff(ticks))) * tick
    slack = NOISE + (step / 2 if step <= COARSE else 0.0)
    return FrameTimes(seconds, slack=slack, end=float(seconds[-1]) + 1 / index.fps)


def read_many_times(files: Mapping[str, int]) -> dict[str, FrameTimes]:
    """Read the times of many files, with a progress bar.

    Args:
        files: Number of frames of each file by path, see `read_frame_times`.

    Returns:
        The times of each file's frames by path.

    Raises:
        VideoError: A file cannot be read.
    """
    with ThreadPoolExecutor(READERS) as pool:
        asked = pool.map(lambda item: read_frame_times(*item), files.items())
        found = list(track(asked, "reading timestamps", len(files), "videos", part=True))
    return dict(zip(files, found, strict=True))
