"""Video files from frames: written to a temporary name, renamed when they are whole."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray
from typing_extensions import Self

from yowo.errors import VideoError


class VideoWriter:
    """A context manager: `write` frames; the file appears when the block ends without an error."""

    def __init__(
        self,
        path: str | Path,
        fps: float,
        size: tuple[int, int],
        codec: str = "libx264",
        options: dict[str, str] | None = None,
    ) -> None:
        """Open the file.

        Args:
            path: The video to write; its ending names the container.
            fps: Frames a second.
            size: Width and height of the frames in pixels; an odd side gets a black row or column, as the encoder
                needs even ones.
            codec: Name of the encoder.
            options: The encoder's options; None is a good quality ({"crf": "20"}).

        Raises:
            VideoError: The folder is missing, or the encoder or container is not there.
        """
        self.path = Path(path)
        self._unfinished = self.path.with_name(f".{self.path.stem}.unfinished{self.path.suffix}")
        if not self.path.parent.is_dir():
            raise VideoError(f"{path}: the folder {self.path.parent} is missing; make it first")
        self._size = size
        try:
            self._container = av.open(str(self._unfinished), "w")
            stream = self._container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        except (av.FFmpegError, ValueError) as error:
            raise VideoError(f"{path}: cannot be written with {codec} ({error})") from error
        if not isinstance(stream, VideoStream):
            raise VideoError(f"{path}: {codec} does not encode pictures")
        self._stream = stream
        self._stream.width, self._stream.height = (side + side % 2 for side in size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = dict({"crf": "20"} if options is None else options)

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame, uint8 [H, W, 3], RGB.

        Raises:
            VideoError: The frame has another size.
        """
        width, height = self._size
        if frame.shape != (height, width, 3):
            raise VideoError(f"{self.path}: expected frames [{height}, {width}, 3], got {list(frame.shape)}")
        even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)))
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
        self._container.mux(self._stream.encode(picture))

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        """Finish the file, or remove it after an error."""
        try:
            if kind is None:
                self._container.mux(self._stream.encode())
            self._container.close()
            if kind is None:
                self._unfinished.replace(self.path)
        finally:
            self._unfinished.unlink(missing_ok=True)
