"""The interface of all readers of videos."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from yowo.errors import VideoError

Frames = NDArray[np.uint8]


class VideoReader(Protocol):
    """An open video. A reader must be used in the process that opened it, and closed after use.

    Attributes:
        backend: Name of this kind of reader for `open_video`.
    """

    backend: ClassVar[str]

    @property
    def fps(self) -> float:
        """Average frames per second."""

    @property
    def width(self) -> int:
        """Pixels of a row."""

    @property
    def height(self) -> int:
        """Pixels of a column."""

    def __len__(self) -> int:
        """Return the number of frames that can be decoded."""

    def get_frames(self, indices: Sequence[int]) -> Frames:
        """Return the frames that sequential decoding gives at `indices`.

        Args:
            indices: Positions from 0, in any order, repeats allowed. Positions count decoded frames, whatever their
                timestamps.

        Returns:
            uint8 [N, H, W, 3], RGB.

        Raises:
            VideoError: A position is outside the video, or a frame cannot be decoded.
        """

    def close(self) -> None:
        """Release file and memory."""

    def __enter__(self) -> Self:
        """Return the reader."""

    def __exit__(self, *error: object) -> None:
        """Close it."""


def check_indices(indices: Sequence[int], length: int, path: str | Path) -> NDArray[np.int64]:
    """Return positions as an array, int64 [N].

    Args:
        indices: Positions from 0.
        length: Number of frames of the video.
        path: The video, for the message.

    Raises:
        VideoError: A position is outside 0 to length - 1.
    """
    wanted = np.asarray(indices, dtype=np.int64).reshape(-1)
    wrong = (wanted < 0) | (wanted >= length)
    if wrong.any():
        raise VideoError(f"{path}: frame {wanted[wrong][0]} was asked for, but the video has frames 0 to {length - 1}")
    return wanted
