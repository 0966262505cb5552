"""What everything that takes the frames of a watched source has in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from yowo.inference.tracks import TrackedFrame
from yowo.whole_file import UNFINISHED


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


def is_complete(facts: StreamFacts, frames: int) -> bool:
    """Return whether an output has all frames of its source, so that it can replace an earlier file of its name.

    Args:
        facts: Of the source; one of unknown length is complete whenever it ends.
        frames: Number of frames that were written.
    """
    return facts.length is None or frames >= facts.length


def resting_place(path: Path, facts: StreamFacts, frames: int) -> Path:
    """Return where a file that is written in the end belongs: beside an earlier one of its name if it is incomplete.

    Args:
        path: The file that is wanted.
        facts: Of the source.
        frames: Number of frames that it holds.

    Returns:
        `path`, or NAME.unfinished.ENDING beside it.
    """
    if is_complete(facts, frames) or not path.exists():
        return path
    return path.with_name(f"{path.stem}.{UNFINISHED}{path.suffix}")


class OutputRow(NamedTuple):
    """A box and class of a frame.

    Attributes:
        box: x1 y1 x2 y2 in pixels.
        score: 0..1.
        label: Class, from 0.
        track: Number of its tube, from 1; `NO_TRACK` without one.
        person: Number of its person, from 1; `NO_TRACK` without one.
    """

    box: list[float]
    score: float
    label: int
    track: int
    person: int


def rows_of(frame: TrackedFrame) -> Iterator[OutputRow]:
    """Yield the detections of a frame, a row for each box and class."""
    rows = frame.rows
    columns = (rows.boxes_xyxy, rows.scores, rows.labels, frame.tracks, frame.people)
    for values in zip(*(column.tolist() for column in columns), strict=True):
        yield OutputRow(*values)
