"""Videos through PyAV: for files that decord refuses or that it would read wrongly."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import av
import numpy as np
from typing_extensions import Self

from yowo.errors import VideoError
from yowo.video.frames import Frames, check_indices


class PyAVReader:
    """Sequential decoding; a request before the last one starts again at the nearest key frame or at the beginning.

    The number of frames is what decoding gives, so opening decodes the file once without converting its pictures.
    """

    def __init__(self, path: str | Path) -> None:
        """Open the file and count its frames.

        Raises:
            VideoError: It holds no video, or nothing of it can be decoded.
        """
        self.path = path
        self._times: list[int | None] = []
        self._keys: list[int] = []
        try:
            with av.open(str(path)) as container:
                if not container.streams.video:
                    raise VideoError(f"{path}: holds no video stream")
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                self.fps = float(stream.average_rate or stream.guessed_rate or 25)
                for frame in _decoded(container):
                    if frame.key_frame:
                        self._keys.append(len(self._times))
                    self._times.append(frame.pts)
                    self.width, self.height = frame.width, frame.height
        except (av.FFmpegError, OSError, ValueError) as error:
            raise VideoError(f"{path}: not a readable video ({_words(error)})") from error
        if not self._times:
            raise VideoError(f"{path}: not one frame of it can be decoded")
        self._container: av.container.InputContainer | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._next = 0

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._times)

    def get_frames(self, indices: Sequence[int]) -> Frames:
        """Return the frames [N, H, W, 3] at `indices`, see `VideoReader`."""
        wanted, place = np.unique(check_indices(indices, len(self), self.path), return_inverse=True)
        pictures = np.zeros((len(wanted), self.height, self.width, 3), dtype=np.uint8)
        for row, index in enumerate(wanted.tolist()):
            pictures[row] = self._frame(index)
        return pictures[place]

    def _frame(self, index: int) -> Frames:
        """Decode up to one frame."""
        key = max((k for k in self._keys if k <= index), default=0)
        if self._container is None or index < self._next or key > self._next + 1:
            self._restart(key)
        try:
            for frame in self._frames:
                self._next += 1
                if self._next == index + 1:
                    return _picture(frame, self.width, self.height)
        except (av.FFmpegError, ValueError) as error:
            raise VideoError(f"{self.path}: frame {index} cannot be decoded ({_words(error)})") from error
        raise VideoError(f"{self.path}: frame {index} cannot be decoded a second time")

    def _restart(self, key: int) -> None:
        """Begin to decode at a key frame: by seeking where the file allows it, else from the first frame."""
        self.close()
        self._container = av.open(str(self.path))
        stream = self._container.streams.video[0]
        stream.thread_type = "AUTO"
        time = self._times[key]
        unique = time is not None and self._times.count(time) == 1
        if key and unique and time is not None:
            try:
                self._container.seek(time, stream=stream)
                frames = _decoded(self._container)
                for frame in frames:
                    if frame.pts == time:
                        self._frames, self._next = _chain(frame, frames), key
                        return
                    if frame.pts is None or frame.pts > time:
                        break
            except av.FFmpegError:
                pass  # not seekable: from the beginning
            self._container.close()
            self._container = av.open(str(self.path))
        self._frames, self._next = _decoded(self._container), 0

    def close(self) -> None:
        """Close the file."""
        if self._container is not None:
            self._container.close()
        self._container = None
        self._frames = iter(())

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()


def _decoded(container: av.container.InputContainer) -> Iterator[av.VideoFrame]:
    """Yield the frames of the first video stream; a damaged end is an end."""
    frames = container.decode(container.streams.video[0])
    seen = False
    while True:
        try:
            frame = next(frames)
        except StopIteration:
            return
        except av.FFmpegError:
            if seen:
                return
            raise
        seen = True
        yield frame


def _chain(first: av.VideoFrame, rest: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    yield first
    yield from rest


def _picture(frame: av.VideoFrame, width: int, height: int) -> Frames:
    """Convert a frame to RGB of the video's size."""
    return cast(Frames, frame.to_ndarray(format="rgb24", width=width, height=height))


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
