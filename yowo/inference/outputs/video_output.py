"""A video with boxes, labels and trails, and with the sound of its source; it plays whatever ends the program."""

from contextlib import ExitStack
from pathlib import Path

from yowo.inference.frame_painter import FramePainter
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.tracks import TrackedFrame
from yowo.video.writer import VideoWriter
from yowo.whole_file import growing_file


class VideoOutput:
    """Writes the painted frames of a source as H.264, at the times that they have in the source."""

    def __init__(self, path: Path, facts: StreamFacts, painter: FramePainter, preset: str = "veryfast") -> None:
        """Take the name; the file begins with the first frame.

        Args:
            path: The video; its ending names the container. An earlier file stays until this one is complete.
            facts: Of the source.
            painter: Paints its frames; other outputs may share it.
            preset: Of libx264, see `yowo.inference.drawing_options.PRESETS`.
        """
        self._path, self._facts, self._painter, self._preset = path, facts, painter, preset
        self._stack = ExitStack()
        self._written = path
        self._writer: VideoWriter | None = None

    def write(self, frame: TrackedFrame) -> None:
        """Paint and append the next frame.

        Raises:
            YowoError: The file cannot be written; what was written before stays and plays.
        """
        picture = self._painter.paint(frame)
        if self._writer is None:
            self._writer = self._open()
        self._writer.write(picture, frame.result.seconds)

    def _open(self) -> VideoWriter:
        file = self._facts.file
        with ExitStack() as stack:
            self._written = stack.enter_context(growing_file(self._path))
            writer = VideoWriter(
                self._written,
                self._facts.fps,
                self._painter.size,
                keep=True,
                preset=self._preset,
                sound=file if file is not None and file.is_file() else None,
            )
            stack.enter_context(writer)
            self._stack = stack.pop_all()
        return writer

    def finish(self) -> None:
        """Complete the file and give it its name.

        Raises:
            YowoError: It cannot be completed.
        """
        self._stack.close()
        if self._writer is not None:
            self._written = self._path

    def close(self) -> None:
        """Close the file after an error: the frames so far are kept, an earlier file of its name stays as well."""
        failure = RuntimeError("the detection has ended early")
        self._stack.__exit__(type(failure), failure, None)

    def kept(self) -> str | None:
        """Return where the video is; None if there is none."""
        return None if self._writer is None else f"video: {self._written}"
