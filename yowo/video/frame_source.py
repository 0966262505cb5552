"""Frames in the order in which they come: from a video file, or from a source without a known end, as a camera."""

from typing import Protocol

import numpy as np
from typing_extensions import Self

from yowo.video.frames import Frames, VideoReader
from yowo.video.reader import open_video


class FrameSource(Protocol):
    """An open source of frames that is read forward only.

    To add one, write a class with these members and a file conf/reader/NAME.yaml whose `_target_` is the class, or a
    function that returns an object of it. It is called with the keyword arguments `source` (what was typed as source=)
    and `decoder` ("decord" or "pyav"), and those of the file. `yowo detect reader=NAME source=...` then uses it.
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

    def read(self, count: int) -> Frames:
        """Return the next frames.

        Args:
            count: How many, at least 1.

        Returns:
            uint8 [n, height, width, 3], RGB. n is `count`, or less at the end, and then 0 for every later call.

        Raises:
            VideoError: A frame cannot be read.
        """

    def close(self) -> None:
        """Release the file or device."""

    def __enter__(self) -> Self:
        """Return the source."""

    def __exit__(self, *error: object) -> None:
        """Close it."""


class ReaderSource:
    """The frames of an open video from the first to the last, as a `FrameSource`.

    Attributes:
        reader: The video; closing the source closes it.
    """

    def __init__(self, reader: VideoReader) -> None:
        """Start at the first frame."""
        self.reader = reader
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
            return np.zeros((0, self.height, self.width, 3), dtype=np.uint8)
        self._next = min(first + count, self.length)
        return self.reader.get_frames(range(first, self._next))

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
    return ReaderSource(open_video(source, decoder=decoder))
