"""What everything that takes the frames of a watched source has in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from yowo.inference.tracks import TrackedFrame


@dataclass(frozen=True)
class StreamFacts:
    """What is known of a source before its first frame.

    Attributes:
        name: Name of the video in tables, a file's without its ending.
        source: What was typed as source=, or the file of several that is read.
        fps: Average frames per second.
        width: Pixels of a row.
        height: Pixels of a column.
        length: Number of frames; None if it is not known before the end.
        live: Whether frames come at their own speed, as from a camera.
        classes: Names of the C classes.
        multi_hot: Whether a person can have several classes at the same time.
        file: The video file or folder of pictures; None for a source that is no file.
    """

    name: str
    source: str
    fps: float
    width: int
    height: int
    length: int | None
    live: bool
    classes: Sequence[str]
    multi_hot: bool
    file: Path | None = None


class FrameOutput(Protocol):
    """Takes the frames of a source, in order, each once and with its final tubes.

    All calls come from one thread, which is not the one that runs the network.
    """

    def write(self, frame: TrackedFrame) -> None:
        """Take the next frame.

        Raises:
            YowoError: It cannot be written; what was written before stays readable.
        """

    def finish(self) -> None:
        """Complete what can only be completed in the end; no frame follows, because of the end or an interruption."""

    def close(self) -> None:
        """Release files; also called after an error, and then without `finish`."""

    def kept(self) -> str | None:
        """Return what a person wants to read about it in the end, such as "video: runs/.../match_detected.mp4"."""
