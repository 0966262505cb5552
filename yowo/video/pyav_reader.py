"""Videos through PyAV: for files that decord refuses or would read wrongly, and where decord is not installed."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import ClassVar, cast

import av
import numpy as np
from av.container import InputContainer
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray
from typing_extensions import Self

from yowo.errors import VideoError
from yowo.video.file_pass import stop_at_errors
from yowo.video.frame_index import FrameIndex, decoded, frame_index
from yowo.video.frames import Frames, check_indices
from yowo.video.grey import with_its_range
from yowo.video.packets import DECODING_ERRORS, NO_TIME, film_stream, words

SEEK_REACH = 64
"""Frames that are decoded after a seek in search of the key frame, before the search is given up."""


class _NotAsIndexed(Exception):  # noqa: N818 - it does not leave this file
    """Decoding gave other frames than the index has."""


class PyAVReader:
    """Decodes forward from the key frame before the first requested frame, or from the first one without timestamps.

    Opening reads the packets, or, where these do not number the frames (see `Packets.one_frame_each`), decodes the
    file once without converting its pictures. The result is kept in the process, so that this happens once per file.

    If a damaged picture is met while decoding, the reader goes on as a `SequentialReader`.
    """

    backend: ClassVar[str] = "pyav"

    def __init__(self, path: str | Path) -> None:
        """Open the file and number its frames.

        Raises:
            VideoError: The file holds no video, or nothing of it can be decoded.
        """
        self.path = path
        self._index = self._number(path)
        self._container: InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._next = 0
        self._codec = ""
        self._colours = VideoReformatter()  # making one takes longer than converting a small picture

    @staticmethod
    def _number(path: str | Path) -> FrameIndex:
        return frame_index(path)

    @property
    def fps(self) -> float:
        """Average frames per second."""
        return self._index.fps

    @property
    def width(self) -> int:
        """Pixels of a row, as shown."""
        return self._index.height if self._index.quarters % 2 else self._index.width

    @property
    def height(self) -> int:
        """Pixels of a column, as shown."""
        return self._index.width if self._index.quarters % 2 else self._index.height

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._index.times)

    def get_frames(self, indices: Sequence[int]) -> Frames:
        """Return the frames, uint8 [N, H, W, 3], at `indices`, see `VideoReader`."""
        wanted, place = np.unique(check_indices(indices, len(self), self.path), return_inverse=True)
        try:
            pictures = self._rising(wanted)
        except _NotAsIndexed as error:
            self.close()
            if self._index.decoded and len(self._index.keys) == 1:
                raise VideoError(f"{self.path}: {error}") from None
            self._index = _from_the_first(self.path)
            if wanted[-1] >= len(self):
                damage = f"the file is damaged after frame {len(self) - 1}"
                raise VideoError(f"{self.path}: frame {wanted[-1]} cannot be decoded, {damage}") from None
            return self.get_frames(indices)
        except DECODING_ERRORS as error:
            self.close()
            raise VideoError(f"{self.path}: cannot be decoded ({words(error)})") from error
        return pictures if len(wanted) == len(place) and (np.diff(place) > 0).all() else pictures[place]

    def _rising(self, wanted: NDArray[np.int64]) -> Frames:
        """Return the frames, uint8 [n, H, W, 3], at rising positions, int64 [n]."""
        pictures = np.empty((len(wanted), self.height, self.width, 3), dtype=np.uint8)
        keys = self._index.keys[np.searchsorted(self._index.keys, wanted, side="right") - 1]
        for row, (index, key) in enumerate(zip(wanted.tolist(), keys.tolist(), strict=True)):
            if self._container is None or index < self._next or key > self._next:
                self._restart(key)
            frame = self._after(index - self._next)
            self._next = index + 1
            if frame is None or _time(frame) != self._index.times[index] or (self._index.closed and frame.is_corrupt):
                raise _NotAsIndexed(f"frame {index} is not decoded twice alike")
            size = self._index.width, self._index.height
            seen = with_its_range(frame, self._codec)
            stored = self._colours.reformat(seen, *size, "rgb24", threads=1).to_ndarray()
            pictures[row] = np.rot90(cast(Frames, stored), self._index.quarters)
        return pictures

    def _after(self, count: int) -> av.VideoFrame | None:
        """Skip `count` frames and return the next one; None at the end."""
        try:
            return next(islice(self._frames, count, None), None)
        except DECODING_ERRORS as error:
            if self._index.closed:
                raise _NotAsIndexed(f"damaged ({words(error)})") from error
            raise

    def _open(self) -> InputContainer:
        container = av.open(str(self.path))
        if self._index.closed:
            stop_at_errors(film_stream(container))
        self._codec = film_stream(container).codec_context.name
        return container

    def _restart(self, key: int) -> None:
        """Start decoding at a key frame: by seeking if the file allows it, otherwise from the first frame."""
        if key == 0 or not self._seek(key):
            self.close()
            self._container = self._open()
            self._frames, self._next = decoded(self._container, NO_TIME if self._index.closed else None), 0

    def _seek(self, key: int) -> bool:
        """Move to a key frame; return whether that succeeded."""
        if self._container is None:
            self._container = self._open()
        time = int(self._index.times[key])
        try:
            self._container.seek(time, stream=film_stream(self._container))
            frames = decoded(self._container, time if self._index.closed else None)
            for frame in islice(frames, SEEK_REACH):
                if frame.pts == time:
                    self._frames, self._next = chain([frame], frames), key
                    return True
        except DECODING_ERRORS:
            pass  # this file does not allow seeking
        return False

    def close(self) -> None:
        """Close the file."""
        self._frames = iter(())
        if self._container is not None:
            self._container.close()
        self._container = None

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()


class SequentialReader(PyAVReader):
    """Reads a damaged file: its frames are numbered by decoding, which always begins at the first frame.

    How FFmpeg conceals the damage then does not depend on which frame is requested first.
    """

    backend: ClassVar[str] = "sequential"

    @staticmethod
    def _number(path: str | Path) -> FrameIndex:
        return _from_the_first(path)


def _from_the_first(path: str | Path) -> FrameIndex:
    """Index a damaged file by decoding it; decoding may begin at its first frame only."""
    index = frame_index(path, by_decoding=True)
    return index._replace(keys=index.keys[:1])


def _time(frame: av.VideoFrame) -> int:
    return NO_TIME if frame.pts is None else frame.pts
