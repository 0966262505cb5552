"""What the four numbers of a box mean, corners or size, pixels or fractions: decided by a whole table, never by a row.

A single coordinate of 1.003 does not make a table of fractions one of pixels. Where the numbers allow two readings, the
table is refused with the option that tells.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions, Place
from yowo.importing.collecting import ROUNDING, Collector
from yowo.projects.table import TableRow
from yowo.video.video_folder import VideoFolder

Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

FORMS = ("xyxy", "xywh", "cxcywh")
EITHER = "xywh or cxcywh"
"""Form of columns x, y, width, height, which some tools take as corner and others as centre."""
UNITS = ("pixels", "fractions")
SLACK = 0.1
"""Fraction of the picture by which boxes in fractions may extend beyond it; they are clipped."""
FAR_SLACK = 1.0
"""The same where the user said that boxes are fractions."""
MARGIN = 0.02
"""Fraction of the picture from which on a box counts as extending beyond it, when forms are compared."""
RARE, REVERSED = 0.05, 0.1
"""Share of rows that may be exceptions; share from which on reversed corners are taken for another form."""


class Numbers(NamedTuple):
    """The boxes of a table as they are in the file.

    Attributes:
        values: float64 [n, 4].
        sizes: float64 [n, 2], width and height of each row's picture in pixels.
        videos: Name of each row's video.
        source: Name of the table, for messages.
    """

    values: Reals
    sizes: Reals
    videos: Sequence[str]
    source: str


def add_boxes(
    collector: Collector,
    rows: Sequence[TableRow],
    places: Sequence[Place],
    videos: VideoFolder,
    options: ImportOptions,
    source: str,
    form: str = "xyxy",
    units: str | None = None,
) -> None:
    """Add the rows of a table to a collector, with boxes in pixels.

    Args:
        collector: Takes the rows, the problems, and notes about what was assumed.
        rows: Rows with the four numbers of the file as their boxes.
        places: Where each row comes from.
        videos: The annotated videos.
        options: Uses `boxes` and `units`, which have precedence over the next arguments.
        source: Name of the table, for messages.
        form: One of `FORMS`, or `EITHER` to decide between two of them by the numbers.
        units: One of `UNITS`; None to decide by the numbers.

    Raises:
        AnnotationError: The numbers allow several readings, or the boxes contradict the form.
        DatasetError: A video cannot be read.
    """
    if not rows:
        return
    infos = videos.probe(row.video for row in rows)
    sizes = np.array([(infos[row.video].width, infos[row.video].height) for row in rows], dtype=np.float64)
    table = Numbers(np.array([row.box for row in rows]), sizes, [row.video for row in rows], source)
    form, units, told = options.boxes or form, options.units or units, options.units is not None
    if units is None:
        units = _units(table, form)
        if units == "fractions":
            least, most = table.values.min(), table.values.max()
            collector.note(f"boxes were taken as fractions of the picture ({least:g} to {most:g}); see --units")
    scale = np.tile(sizes, 2) if units == "fractions" else np.ones((1, 4))
    if form == EITHER:
        form = _form(table._replace(values=table.values * scale), collector)
    boxes = corners(table.values, form) * scale
    hint = _hint(table._replace(values=table.values * scale), boxes) if form == "xyxy" else ""
    reach = (FAR_SLACK if told else SLACK) if units == "fractions" else np.inf
    low, high = -reach * np.tile(sizes, 2), (1 + reach) * np.tile(sizes, 2)
    beyond = np.asarray(((boxes < low) | (boxes > high)).any(axis=1))
    flags = zip(beyond.tolist(), _reversed(boxes).tolist(), strict=True)
    for row, place, box, (far, turned) in zip(rows, places, boxes.tolist(), flags, strict=True):
        with collector.entry():
            shown = ",".join(f"{value:g}" for value in row.box)
            if turned:
                text, hint = hint, ""
                raise AnnotationError(f"{place.entry}: expected x1 < x2 and y1 < y2, got {shown}{text}")
            if far:
                advice = "" if told else "; give --units fractions to clip such boxes, or --units pixels"
                raise AnnotationError(
                    f"{place.entry}: box: expected fractions of the picture, 0 to 1, got {shown}{advice}"
                )
            x1, y1, x2, y2 = box
            collector.add(row._replace(box=(x1, y1, x2, y2)), place)


def corners(values: Reals, form: str) -> Reals:
    """Convert boxes to corners.

    Args:
        values: float64 [n, 4] in any unit.
        form: One of `FORMS`.

    Returns:
        float64 [n, 4], x1 y1 x2 y2.

    Examples:
        >>> corners(np.array([[10.0, 20.0, 4.0, 6.0]]), "cxcywh").tolist()
        [[8.0, 17.0, 12.0, 23.0]]
    """
    if form == "xyxy":
        return values
    first = values[:, :2] - (values[:, 2:] / 2 if form == "cxcywh" else 0)
    return np.concatenate([first, first + values[:, 2:]], axis=1)


def _units(table: Numbers, form: str) -> str:
    """Decide between pixels and fractions.

    A box in pixels is never within a pixel of the picture's corner, so a table with most boxes there is one of
    fractions; boxes without area do not count, and neither do whole numbers, which stand for "no box" in some tables.
    """
    boxes = corners(table.values, "xywh" if form == EITHER else form)
    votes: Flags = np.asarray((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
    if not votes.any():
        votes[:] = True
    values = table.values[votes]
    inside = ((values >= -SLACK) & (values <= 1 + SLACK)).all(axis=1)
    if inside.all():
        return "fractions"
    telling = inside & (values != np.round(values)).any(axis=1)
    if telling.mean() >= 0.5:
        return "fractions"
    names = np.array(table.videos)[votes]
    mixed = any(telling[names == name].mean() >= 0.5 for name in np.unique(names[telling]))
    if mixed or telling.mean() > RARE or np.abs(values).max() < 2:
        raise AnnotationError(
            f"{table.source}: {telling.sum()} of {len(values)} boxes are within 0 to 1, as fractions of the picture "
            f"are, and others reach {np.abs(values).max():g}: give --units fractions or --units pixels, or correct them"
        )
    return "pixels"


def _form(pixels: Numbers, collector: Collector) -> str:
    """Decide whether x, y are the top left corner or the centre: by which of them boxes leave the picture."""
    as_corner, as_centre = (_leaving(pixels, form) for form in ("xywh", "cxcywh"))
    if as_corner == 0:
        if as_centre == 0:
            collector.note("x, y were taken as the top left corner of a box; if they are its centre: --boxes cxcywh")
        return "xywh"
    if as_corner >= RARE * len(pixels.values) and as_centre <= as_corner / 10:
        collector.note(
            f"x, y were taken as the centre of a box: {as_corner} boxes would leave the picture if they were its top "
            "left corner; see --boxes"
        )
        return "cxcywh"
    if as_corner <= as_centre / 4:
        return "xywh"
    raise AnnotationError(
        f"{pixels.source}: x, y may be the corner or the centre of a box: {as_corner} of {len(pixels.values)} boxes "
        f"leave the picture as corners, {as_centre} as centres: give --boxes xywh or --boxes cxcywh"
    )


def _leaving(pixels: Numbers, form: str) -> int:
    """Count the boxes that leave the picture if they are read in a form."""
    boxes = corners(pixels.values, form) / np.tile(pixels.sizes, 2)
    return int(((boxes < -MARGIN) | (boxes > 1 + MARGIN)).any(axis=1).sum())


def _reversed(boxes: Reals) -> Flags:
    return np.asarray((boxes[:, 2:] - boxes[:, :2] < -ROUNDING).any(axis=1))


def _hint(pixels: Numbers, boxes: Reals) -> str:
    """Return which options to give if many boxes contradict x1 < x2 and y1 < y2, as other forms would."""
    wrong = _reversed(boxes)
    if wrong.mean() < REVERSED or not (pixels.values[:, 2:] > 0).all():
        return ""
    fitting = [f"--boxes {form}" for form in FORMS[1:] if _leaving(pixels, form) <= RARE * len(wrong)]
    if not fitting:
        return ""
    return (
        f"; {wrong.sum()} of {len(wrong)} boxes are like this: if the last two numbers are width and height, give "
        f"{' or '.join(fitting)}"
    )
