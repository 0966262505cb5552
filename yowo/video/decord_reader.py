"""Videos through decord."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from typing_extensions import Self

from yowo.errors import VideoError
from yowo.video.frames import Frames, check_indices


class DecordReader:
    """One thread, one file, opened here and dropped at `close`: idle decord readers go on decoding."""

    def __init__(self, path: str | Path) -> None:
        """Open the file.

        Raises:
            VideoError: decord is not installed here, or refuses the file.
        """
        try:
            import decord
        except ImportError as error:
            raise VideoError(f"{path}: decord is not installed on this platform; use backend=pyav") from error
        self.path = path
        try:
            self._reader: Any = decord.VideoReader(str(path), num_threads=1)
            self.fps = float(self._reader.get_avg_fps())
            self.height, self.width = (int(side) for side in self._reader[0].shape[:2])
        except (decord.DECORDError, RuntimeError, IndexError) as error:
            raise VideoError(f"{path}: decord refuses it: {_last_words(error)}") from error

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._reader)

    def get_frames(self, indices: Sequence[int]) -> Frames:
        """Return the frames [N, H, W, 3] at `indices`, see `VideoReader`."""
        wanted, place = np.unique(check_indices(indices, len(self), self.path), return_inverse=True)
        if not len(wanted):
            return np.zeros((0, self.height, self.width, 3), dtype=np.uint8)
        try:
            frames: Frames = self._reader.get_batch(wanted.tolist()).asnumpy()
        except Exception as error:  # decord's errors have no common type
            raise VideoError(f"{self.path}: decord cannot decode it: {_last_words(error)}") from error
        return frames if len(wanted) == len(place) and (np.diff(place) > 0).all() else frames[place]

    def close(self) -> None:
        """Drop the reader."""
        self._reader = None

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()


def _last_words(error: Exception) -> str:
    """Return the part of a native error that people can read."""
    return str(error).splitlines()[0].rpartition("] ")[2] if str(error) else type(error).__name__
