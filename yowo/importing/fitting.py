"""Fits imported boxes to their videos: clips them to the picture, leaves out those that no frame shows."""

from collections.abc import Mapping

from yowo.importing.annotated import Annotated, Place
from yowo.importing.collecting import ROUNDING, WITHOUT_AREA, Collector
from yowo.projects.table import Extent, TableRow, problem

CLIPPED = "boxes extended beyond the picture and were clipped to it"
OUTSIDE = "boxes lie outside the picture and were left out"


def fit_rows(read: Annotated, extents: Mapping[str, Extent]) -> Annotated:
    """Clip boxes to the picture and round them as the table of a project does; leave out what cannot be shown.

    Args:
        read: Rows with boxes in pixels, and where they come from.
        extents: Length and size of each video.

    Returns:
        The rows that a frame of their video shows, and notes that count the others and name the first of them.
    """
    collector = Collector()
    for row, place in zip(read.rows, places_of(read), strict=True):
        width, height = extents[row.video].size
        x1, y1, x2, y2 = row.box
        inside = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
        left, top, right, bottom = (round(value, 2) for value in inside)
        fitting = row._replace(box=(left, top, right, bottom))
        wrong = problem(fitting, extents[row.video])
        if wrong is not None and wrong.startswith("frame:"):
            collector.leave_out("boxes were skipped", f"{place.entry}: {wrong}")
        elif wrong is not None and inside[0] < inside[2] and inside[1] < inside[3]:
            collector.leave_out(WITHOUT_AREA, _shown(row, place, width, height))
        elif wrong is not None:
            collector.leave_out(OUTSIDE, _shown(row, place, width, height))
        else:
            if inside != row.box and max(abs(a - b) for a, b in zip(inside, row.box, strict=True)) > ROUNDING:
                collector.leave_out(CLIPPED, _shown(row, place, width, height))
            collector.rows.append(fitting)
            collector.places.append(place)
    fitted = collector.annotated(read.classes)
    return fitted._replace(notes=[*read.notes, *fitted.notes])


def _shown(row: TableRow, place: Place, width: int, height: int) -> str:
    box = ",".join(f"{value:g}" for value in row.box)
    return f"{place.entry}: {box} on frame {row.frame} of {row.video} ({width} x {height})"


def places_of(read: Annotated) -> list[Place]:
    """Return where the rows come from, video and frame if the importer does not say."""
    if len(read.places) == len(read.rows):
        return list(read.places)
    return [Place("", f"{row.video}, frame {row.frame}") for row in read.rows]


def with_rows(read: Annotated, rows: list[TableRow], places: list[Place], *notes: str) -> Annotated:
    """Return annotations with other rows and further notes."""
    return read._replace(rows=rows, places=places, notes=[*read.notes, *notes])
