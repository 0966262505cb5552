"""Videos through decord."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from typing_extensions import Self

from yowo.errors import VideoError
from yowo.video.frames import Frames, VideoReader, check_indices
from yowo.video.pyav_reader import PyAVReader

ROUNDING = 3
"""Grey levels by which colours differ between decord and PyAV; with odd sizes they differ by up to 50."""


class DecordReader:
    """Reads one file with one thread. Close it soon after use, because an idle decord reader goes on decoding.

    Use it only for files for which `yowo.video.backends.choose_backend` returns "decord". With others it may give wrong
    frames, or never return.
    """

    backend: ClassVar[str] = "decord"

    def __init__(self, path: str | Path) -> None:
        """Open the file.

        Raises:
            VideoError: decord is not installed, or refuses the file.
        """
        try:
            import decord
        except (ImportError, OSError, RuntimeError) as error:  # the last two come from loading its native libraries
            raise VideoError(f"{path}: decord is not installed, or cannot be loaded; use backend=pyav") from error
        self.path = path
        self._spare: PyAVReader | None = None
        self._known_size: tuple[int, int] | None = None
        try:
            self._reader: Any = decord.VideoReader(str(path), num_threads=1)
            self.fps = float(self._reader.get_avg_fps())
        except (decord.DECORDError, RuntimeError) as error:
            raise VideoError(f"{path}: decord refuses it: {_last_words(error)}") from error
        self._length = len(self._reader)

    def __len__(self) -> int:
        """Return the number of frames."""
        return self._length

    @property
    def height(self) -> int:
        """Pixels of a column."""
        return self._size()[0]

    @property
    def width(self) -> int:
        """Pixels of a row."""
        return self._size()[1]

    def _size(self) -> tuple[int, int]:
        """Return height and width, for which decord has to decode a frame."""
        if self._known_size is None:
            self._decode([0])
        return self._known_size or (0, 0)

    @property
    def gave_up(self) -> bool:
        """Whether decord failed and PyAV decodes in its place."""
        return self._spare is not None

    def get_frames(self, indices: Sequence[int]) -> Frames:
        """Return the frames, uint8 [N, H, W, 3], at `indices`, see `VideoReader`.

        If decord fails because of damage, PyAV gives the frames that can still be decoded.
        """
        wanted, place = np.unique(check_indices(indices, self._length, self.path), return_inverse=True)
        if not len(wanted):
            return np.zeros((0, *self._size(), 3), dtype=np.uint8)
        frames = self._decode(wanted.tolist())
        return frames if len(wanted) == len(place) and (np.diff(place) > 0).all() else frames[place]

    def agrees_with(self, other: VideoReader) -> bool:
        """Tell whether the first and the last frame are those of another reader, apart from the rounding of colours.

        Raises:
            VideoError: The other reader cannot decode them.
        """
        if len(self) != len(other):
            return False
        ends = [0, len(self) - 1]
        own, others = self.get_frames(ends), other.get_frames(ends)
        if self.gave_up or own.shape != others.shape:
            return False
        return bool(np.abs(own.astype(np.int16) - others).max() <= ROUNDING)

    def _decode(self, rising: list[int]) -> Frames:
        """Return the frames, uint8 [n, H, W, 3], at rising positions."""
        frames: Frames
        if self._spare is None:
            try:
                frames = _in_place(self._reader.get_batch(rising))
            except Exception:  # decord's errors have no common type
                self._reader, self._spare = None, PyAVReader(self.path)
                frames = self._spare.get_frames(rising)
        else:
            frames = self._spare.get_frames(rising)
        height, width = frames.shape[1:3]
        self._known_size = height, width
        return frames

    def close(self) -> None:
        """Release the file."""
        self._reader = None
        if self._spare is not None:
            self._spare.close()

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()


def _in_place(batch: Any) -> Frames:
    """Return decord's batch as uint8 [n, H, W, 3].

    If torch is loaded nothing is copied, because decord goes on decoding while a copy is made.
    """
    torch = sys.modules.get("torch")
    frames: Frames = batch.asnumpy() if torch is None else torch.from_dlpack(batch.to_dlpack()).numpy()
    return frames


def _last_words(error: Exception) -> str:
    """Return the readable part of a native error."""
    return str(error).splitlines()[0].rpartition("] ")[2] if str(error) else type(error).__name__
