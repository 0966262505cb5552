"""Tubes as a table (CSV): who does what, from when to when."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yowo.inference.outputs.box_table_output import as_csv
from yowo.inference.outputs.frame_output import StreamFacts, is_complete, rows_of
from yowo.inference.outputs.growing_lines import GrowingLines
from yowo.inference.tracks import FrameTube, TrackedFrame

TUBE_HEADER = (
    *("video", "track", "person", "label", "start", "end", "start_seconds", "end_seconds"),
    *("score", "detections", "mean_score", "x1", "y1", "x2", "y2"),
)
GONE = 300
"""Frames without it after which a tube is written; if its number comes again, it has another row."""


@dataclass
class _Tube:
    """A tube that may go on: its newest box, first and last frame with their times in seconds, and sums."""

    newest: FrameTube
    start: int
    start_seconds: float
    end: int = 0
    end_seconds: float = 0.0
    frames: int = 0
    detections: int = 0
    scores: float = 0.0
    corners: NDArray[np.float64] | float = 0.0


class TubeTableOutput:
    """Writes a row for each tube: its numbers, class, first and last frame and their times, scores, and mean box.

    `track` and `person` are the numbers in the table of boxes; `start` and `end` are the first and the last frame, from
    0; `score` is the tube's, as its linker computes it; `detections` is the number of its frames with a detection and
    `mean_score` their mean score; x1 y1 x2 y2 are the means of the corners in pixels. A row is written when its tube
    has ended; the others follow in the end. Memory does not grow with the length of the video.
    """

    def __init__(self, path: Path, facts: StreamFacts) -> None:
        """Begin the table.

        Raises:
            YowoError: The file cannot be written.
        """
        self._facts, self._frames = facts, 0
        self._open: dict[int, _Tube] = {}
        self._lines = GrowingLines(path)
        self._lines.append(as_csv([TUBE_HEADER]))

    def write(self, frame: TrackedFrame) -> None:
        """Take the boxes of a frame, and write the tubes that have ended.

        Raises:
            YowoError: The file cannot be written; earlier rows are in it.
        """
        self._frames += 1
        here, seconds = frame.result.frame, frame.result.seconds
        for passing in frame.tubes:
            tube = self._open.setdefault(passing.track, _Tube(passing, here, seconds))
            tube.newest, tube.end, tube.end_seconds = passing, here, seconds
            tube.frames += 1
            tube.corners = tube.corners + np.array(passing.box)
        for row in rows_of(frame):
            if (known := self._open.get(row.track)) is not None:
                known.detections += 1
                known.scores += row.score
        self._write([track for track, tube in self._open.items() if here - tube.end > GONE])

    def finish(self) -> None:
        """Write the tubes that go on until the end, and close the table.

        Raises:
            YowoError: The file cannot be written.
        """
        self._write(list(self._open))
        self._lines.finish(is_complete(self._facts, self._frames))

    def close(self) -> None:
        """Close the table as it is."""
        self._lines.close()

    def kept(self) -> str:
        """Return where the table is."""
        return f"tubes: {self._lines.path}"

    def _write(self, tracks: list[int]) -> None:
        if not tracks:
            return
        rows = []
        for track in tracks:
            tube = self._open.pop(track)
            mean = tube.scores / tube.detections if tube.detections else 0.0
            rows.append(
                (
                    *(self._facts.name, track, tube.newest.person, self._facts.classes[tube.newest.label]),
                    *(tube.start, tube.end, f"{tube.start_seconds:.3f}", f"{tube.end_seconds:.3f}"),
                    *(f"{tube.newest.score:.6f}", tube.detections, f"{mean:.6f}"),
                    *(f"{corner:.2f}" for corner in (np.asarray(tube.corners) / tube.frames).tolist()),
                )
            )
        self._lines.append(as_csv(rows))
