"""A video with boxes, labels and trails, and with the sound of its source; it plays whatever ends the program."""

from contextlib import ExitStack
from pathlib import Path

from yowo.inference.frame_painter import FramePainter
from yowo.inference.outputs.frame_output import StreamFacts, is_complete
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
        self._file, self._video = ExitStack(), ExitStack()
        self._written = path
        self._frames = 0

    def write(self, frame: TrackedFrame) -> None:
        """Paint and append the next frame.

        Raises:
            YowoError: The file cannot be written; what was written before stays and plays.
        """
        picture = self._painter.paint(frame)
        if not self._frames:
            self._writer = self._open()
        self._writer.write(picture, frame.result.seconds)
        self._frames += 1

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
            self._video.enter_context(writer)
            self._file = stack.pop_all()
        return writer

    def finish(self) -> None:
        """Complete the file; it replaces an earlier one of its name if it has all frames.

        Raises:
            YowoError: It cannot be completed.
        """
        self._video.close()
        if self._frames and is_complete(self._facts, self._frames):
            self._file.close()
            self._written = self._path

    def close(self) -> None:
        """Close the file as it is, unless `finish` has done so: it plays, and an earlier file of its name stays."""
        failure = RuntimeError("the detection has ended early")
        self._video.__exit__(type(failure), failure, None)
        self._file.__exit__(type(failure), failure, None)

    def kept(self) -> str | None:
        """Return where the video is; None if there is none."""
        return None if not self._frames else f"video: {self._written}"
