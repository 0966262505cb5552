"""Frames in the order in which they come: from a video file, or from a source without a known end, as a camera."""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from yowo.video.folder_reader import FolderReader
from yowo.video.frame_times import read_frame_times
from yowo.video.frames import Frames, VideoReader
from yowo.video.reader import open_video

Seconds = NDArray[np.float64]


class FrameSource(Protocol):
    """An open source of frames that is read forward only.

    To add one, write a class with these members and a file conf/reader/NAME.yaml whose `_target_` is the class, or a
    function that returns an object of it. It is called with the keyword arguments `source` (what was typed as source=)
    and `decoder` ("decord" or "pyav"), and those of the file. `yowo detect reader=NAME source=...` then uses it.

    `live`, `seconds` and `dropped` may be left out: `yowo.video.read_ahead` fills them in.
    """

    @property
    def fps(self) -> float:
        """Average frames per second."""

    @property
    def width(self) -> int:
        """Pixels of a row."""

    @property
    def height(self) -> int:
        """Pixels of a column."""

    @property
    def length(self) -> int | None:
        """Number of frames; None if it is not known before the end, as for a camera."""

    @property
    def live(self) -> bool:
        """Whether frames come at their own pace, as from a camera, and cannot be read a second time."""

    @property
    def seconds(self) -> Seconds:
        """Times of the frames that the last `read` returned, float64 [n], in seconds since the first one, rising."""

    @property
    def dropped(self) -> int:
        """Number of frames left out so far because they came too late to be read; 0 unless `live`."""

    def read(self, count: int) -> Frames:
        """Return the next frames.

        Args:
            count: How many, at least 1.

        Returns:
            uint8 [n, height, width, 3], RGB. n is `count`, or less at the end, and then 0 for every later call. A live
            source waits for one frame only: n is the number of those that have come, at least 1 before the end.

        Raises:
            VideoError: A frame cannot be read.
        """

    def close(self) -> None:
        """Release the file or device."""

    def __enter__(self) -> Self:
        """Return the source."""

    def __exit__(self, *error: object) -> None:
        """Close it."""


def is_live(source: FrameSource) -> bool:
    """Return whether frames come at their own speed; a source that does not say it is live if its length is unknown."""
    return bool(getattr(source, "live", source.length is None))


class ReaderSource:
    """The frames of an open video from the first to the last, as a `FrameSource`.

    Attributes:
        reader: The video; closing the source closes it.
        live: False.
        dropped: 0: no frame of a file is left out.
        seconds: See `FrameSource`.
    """

    live: Final = False
    dropped: Final = 0

    def __init__(self, reader: VideoReader, times: Seconds | None = None) -> None:
        """Start at the first frame.

        Args:
            reader: The open video.
            times: Seconds at which each of its frames is shown, float64 [n]; None for a constant rate.
        """
        self.reader = reader
        self.seconds: Seconds = np.zeros(0)
        self._times = times
        self._next = 0

    @property
    def fps(self) -> float:
        """Average frames per second."""
        return self.reader.fps

    @property
    def width(self) -> int:
        """Pixels of a row."""
        return self.reader.width

    @property
    def height(self) -> int:
        """Pixels of a column."""
        return self.reader.height

    @property
    def length(self) -> int:
        """Number of frames of the video."""
        return len(self.reader)

    def read(self, count: int) -> Frames:
        """Return the next frames, uint8 [n, height, width, 3], RGB; n is `count`, or less at the end.

        Args:
            count: How many, at least 1.

        Raises:
            VideoError: A frame cannot be decoded.
        """
        first = self._next
        if first >= self.length:
            self.seconds = np.zeros(0)
            return np.zeros((0, self.height, self.width, 3), dtype=np.uint8)
        self._next = min(first + count, self.length)
        frames = self.reader.get_frames(range(first, self._next))
        if self._times is None:
            self.seconds = np.arange(first, self._next) / self.fps
        else:
            self.seconds = self._times[first : self._next] - self._times[0]
        return frames

    def close(self) -> None:
        """Close the video."""
        self.reader.close()

    def __enter__(self) -> Self:
        """Return the source."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()


def open_file(source: str, decoder: str = "decord") -> ReaderSource:
    """Open a video file, or a folder of pictures, as a source of frames.

    Args:
        source: The file or folder.
        decoder: What reads files that both can read: "decord" or "pyav".

    Raises:
        VideoError: The file does not exist, or nothing can read it.
        ConfigError: The decoder is unknown.
    """
    reader = open_video(source, decoder=decoder)
    try:
        return ReaderSource(reader, _times(source, reader))
    except BaseException:
        reader.close()
        raise


def _times(source: str, reader: VideoReader) -> Seconds | None:
    """Return the seconds at which the frames of a file are shown, float64 [n]; None for a constant rate."""
    if reader.backend == FolderReader.backend:
        return None
    seconds = read_frame_times(source, len(reader)).seconds
    return seconds if len(seconds) == len(reader) else None
