"""Detections of single frames as a table that people can read, and that grows with the frames (CSV)."""

import csv
import errno
import io
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from typing_extensions import Self

from yowo.errors import YowoError

CSV_HEADER = ("video", "frame", "x1", "y1", "x2", "y2", "score", "label", "track")
Row = tuple[Sequence[float], float, int, int | None]
"""A box, x1 y1 x2 y2 in pixels, its score, its class from 0, and its track; None for a box without one."""


class DetectionsCsv:
    """A context manager that appends the detections of a video to a table: video,frame,x1,y1,x2,y2,score,label,track.

    Frames are counted from 0, as in the table of a project (`annotations.csv`), so that `yowo data import --from
    simple-csv` reads it; boxes are pixels to 2 decimals, scores have 6; `label` is the name of the class. Every row
    is in the file when `write` returns, and stays there whatever happens.

    Attributes:
        path: The file.
        rows: Number of rows below the header.
    """

    def __init__(self, path: Path | str, video: str, classes: Sequence[str]) -> None:
        """Begin the table.

        Args:
            path: File to write; its folder is there. An existing file is replaced.
            video: Name of the video.
            classes: Names of the C classes.

        Raises:
            YowoError: The file cannot be written.
        """
        self.path, self.rows = Path(path), 0
        self._video, self._classes = video, classes
        self._size = 0
        try:
            self._file = self.path.open("wb", buffering=0)
        except OSError as error:
            raise self._failed(error) from error
        self._append([CSV_HEADER])

    def write(self, frame: int, rows: Iterable[Row]) -> None:
        """Append the detections of a frame.

        Args:
            frame: Position in the video, from 0.
            rows: One per box and class.

        Raises:
            YowoError: The file cannot be written; the rows of earlier frames are in it.
        """
        lines = [
            [
                self._video,
                frame,
                *(f"{value:.2f}" for value in box),
                f"{score:.6f}",
                self._classes[label],
                "" if track is None else track,
            ]
            for box, score, label, track in rows
        ]
        if lines:
            self._append(lines)
            self.rows += len(lines)

    def __enter__(self) -> Self:
        """Return the table."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, lines: Iterable[Sequence[object]]) -> None:
        """Write whole lines at once, or none."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        content = text.getvalue().encode()
        try:
            if self._file.write(content) < len(content):  # the disk is full
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._size)
            raise self._failed(error) from error
        self._size += len(content)

    def _failed(self, error: OSError) -> YowoError:
        return YowoError(f"{self.path}: cannot be written ({error.strerror or error}); {self.rows} rows are in it")
