"""Detections of single frames as a table that people can read, and that grows with the frames (CSV)."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from yowo.inference.outputs.frame_output import StreamFacts, is_complete, rows_of
from yowo.inference.outputs.growing_lines import GrowingLines
from yowo.inference.tracks import NO_TRACK, TrackedFrame

BOX_HEADER = ("video", "frame", "x1", "y1", "x2", "y2", "score", "label", "track", "person")


class BoxTableOutput:
    """Appends a row for each box and class: video,frame,x1,y1,x2,y2,score,label,track,person.

    Frames are counted from 0, as in the table of a project (`annotations.csv`), so that `yowo data import --from
    simple-csv` reads it; boxes are pixels to 2 decimals, scores have 6; `label` is the name of the class; `track` and
    `person` are empty for a box that is in no tube. Every row is in the file when `write` returns, and stays there
    whatever happens.

    Attributes:
        rows: Number of rows below the header.
    """

    def __init__(self, path: Path, facts: StreamFacts) -> None:
        """Begin the table.

        Raises:
            YowoError: The file cannot be written.
        """
        self.rows = 0
        self._facts, self._frames = facts, 0
        self._lines = GrowingLines(path)
        self._lines.append(as_csv([BOX_HEADER]))

    def write(self, frame: TrackedFrame) -> None:
        """Append the detections of a frame.

        Raises:
            YowoError: The file cannot be written; the rows of earlier frames are in it.
        """
        self._frames += 1
        rows = [
            (
                self._facts.name,
                frame.result.frame,
                *(f"{value:.2f}" for value in row.box),
                f"{row.score:.6f}",
                self._facts.classes[row.label],
                number(row.track),
                number(row.person),
            )
            for row in rows_of(frame)
        ]
        if rows:
            self._lines.append(as_csv(rows))
            self.rows += len(rows)

    def finish(self) -> None:
        """Close the table.

        Raises:
            YowoError: The disk could not take it.
        """
        self._lines.finish(is_complete(self._facts, self._frames))

    def close(self) -> None:
        """Close the table as it is."""
        self._lines.close()

    def kept(self) -> str:
        """Return where the table is."""
        return f"detections: {self._lines.path}"


def as_csv(rows: Sequence[Sequence[object]]) -> str:
    """Return rows as lines of a table."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def number(value: int) -> int | str:
    """Return the number of a track or person as it stands in a table; empty for none."""
    return "" if value == NO_TRACK else value
