"""Detections as JSON Lines, an object a frame: to a file, or to standard output as they come."""

import json
from pathlib import Path
from typing import IO

from yowo.inference.outputs.frame_output import StreamFacts, is_complete, rows_of
from yowo.inference.outputs.growing_lines import GrowingLines
from yowo.inference.tracks import NO_TRACK, TrackedFrame


class JsonLinesOutput:
    """Writes a line for each frame, also for one without a detection.

    A line holds `video`, `frame` (from 0), `seconds` (since the first frame), `width` and `height` of the picture, and
    `detections`: a list with `box` (x1 y1 x2 y2 in pixels), `score`, `label` (name of the class), `class` (from 0),
    `track` and `person` (numbers from 1; null for a box that is in no tube); and `tubes`, those that pass through the
    frame, also where they have no detection: a list with `track`, `person`, `label`, `class`, `score` (of the tube so
    far) and `box`, smoothed by the linker.
    """

    def __init__(self, target: Path | IO[bytes], facts: StreamFacts) -> None:
        """Begin.

        Args:
            target: The file, or an open stream, such as standard output, which is left open in the end.
            facts: Of the source.

        Raises:
            YowoError: The file cannot be written.
        """
        self._facts, self._frames = facts, 0
        self._lines = GrowingLines(target) if isinstance(target, Path) else None
        self._stream = None if isinstance(target, Path) else target

    def write(self, frame: TrackedFrame) -> None:
        """Write the line of a frame.

        Raises:
            YowoError: The file cannot be written; the lines of earlier frames are in it.
            BrokenPipeError: Nobody reads the stream any more.
        """
        self._frames += 1
        line = json_line(frame, self._facts)
        if self._lines is not None:
            self._lines.append(line)
        elif self._stream is not None:
            self._stream.write(line.encode("utf-8", "backslashreplace"))
            self._stream.flush()

    def finish(self) -> None:
        """Close the file.

        Raises:
            YowoError: The disk could not take it.
        """
        if self._lines is not None:
            self._lines.finish(is_complete(self._facts, self._frames))

    def close(self) -> None:
        """Close the file as it is."""
        if self._lines is not None:
            self._lines.close()

    def kept(self) -> str | None:
        """Return where the lines are; None if they went to a stream."""
        return None if self._lines is None else f"JSON Lines: {self._lines.path}"


def json_line(frame: TrackedFrame, facts: StreamFacts) -> str:
    """Return a frame as a line of JSON, with the line's end."""
    detections = [
        {
            "box": [round(value, 2) for value in row.box],
            "score": round(row.score, 6),
            "label": facts.classes[row.label],
            "class": row.label,
            "track": None if row.track == NO_TRACK else row.track,
            "person": None if row.person == NO_TRACK else row.person,
        }
        for row in rows_of(frame)
    ]
    tubes = [
        {
            **{"track": tube.track, "person": tube.person, "label": facts.classes[tube.label], "class": tube.label},
            **{"score": round(tube.score, 6), "box": [round(value, 2) for value in tube.box]},
        }
        for tube in frame.tubes
    ]
    content = {
        "video": facts.name,
        "frame": frame.result.frame,
        "seconds": round(frame.result.seconds, 6),
        "width": facts.width,
        "height": facts.height,
        "detections": detections,
        "tubes": tubes,
    }
    return json.dumps(content, ensure_ascii=False) + "\n"
