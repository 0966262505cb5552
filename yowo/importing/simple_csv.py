"""Generic CSV tables: one row per box, columns recognised by their names."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions
from yowo.projects.table import TableRow
from yowo.video.video_folder import VideoFolder

ALIASES = {
    "video": ("video", "video_name", "video_id", "filename", "file", "clip"),
    "frame": ("frame", "frame_id", "frame_number", "frame_index", "frame_no"),
    "x1": ("x1", "xmin", "left", "x", "bb_left", "xtl"),
    "y1": ("y1", "ymin", "top", "y", "bb_top", "ytl"),
    "x2": ("x2", "xmax", "right", "xbr"),
    "y2": ("y2", "ymax", "bottom", "ybr"),
    "width": ("width", "w", "bb_width"),
    "height": ("height", "h", "bb_height"),
    "label": ("label", "class", "action", "category", "class_name", "action_label"),
    "track": ("track", "track_id", "id", "person_id", "object_id", "instance_id"),
}
"""Accepted column names, in order of preference."""
NEEDED = ("video", "frame", "x1", "y1", "label")
DELIMITERS = ",;\t"


def read_simple_csv(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read a table with a header; `ALIASES` lists the accepted column names.

    Boxes are x1 y1 x2 y2, or x1 y1 width height; in pixels, or as fractions if no coordinate is above 1. Boxes
    without a track are linked by overlap later, see `link_tracks`.

    Args:
        source: CSV file, separated by commas, semicolons or tabs.
        videos: The annotated videos.
        options: Uses `first_frame` (default 0).

    Raises:
        AnnotationError: A column is missing or a row is invalid; the message names file and row.
    """
    rows: list[TableRow] = []
    names: dict[str, str] = {}
    first = options.first_frame or 0
    try:
        with source.open(newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            delimiter = max(DELIMITERS, key=header.count)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter)
            columns = _columns(next(reader, []), source)
            for fields in reader:
                if not any(fields):
                    continue
                where = f"{source}, row {reader.line_num}"
                row = _row(fields, columns, first, where)
                if row.video not in names:
                    names[row.video] = videos.find(row.video, where)
                rows.append(row._replace(video=names[row.video]))
    except OSError as error:
        raise AnnotationError(f"{source}: expected a CSV file ({error.strerror or error})") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise AnnotationError(f"{source}: expected a CSV file in UTF-8: {error}") from error
    notes = []
    if rows and max(max(row.box) for row in rows) <= 1:
        rows = in_pixels(rows, videos)
        notes.append("no coordinate is above 1: boxes were interpreted as fractions of the picture")
    return Annotated(rows, tuple(sorted({row.label for row in rows})), notes)


def in_pixels(rows: Sequence[TableRow], videos: VideoFolder) -> list[TableRow]:
    """Convert boxes from fractions of the picture to pixels of their videos."""
    infos = videos.probe(row.video for row in rows)
    made = []
    for row in rows:
        info = infos[row.video]
        x1, y1, x2, y2 = row.box
        made.append(row._replace(box=(x1 * info.width, y1 * info.height, x2 * info.width, y2 * info.height)))
    return made


def checked_box(corners: Sequence[str], where: str, has_size: bool) -> tuple[float, float, float, float]:
    """Parse a box.

    Args:
        corners: Four numbers as text: x1 y1 x2 y2, or x1 y1 width height.
        where: File and row, for error messages.
        has_size: Whether the last two numbers are width and height.

    Returns:
        x1 y1 x2 y2, in the unit of the input.

    Raises:
        AnnotationError: These are not four numbers, or the box is inverted or empty.

    Examples:
        >>> checked_box(["10", "20", "30", "40"], "boxes.csv, row 2", has_size=True)
        (10.0, 20.0, 40.0, 60.0)
    """
    try:
        x1, y1, x2, y2 = (float(text) for text in corners)
    except ValueError:
        raise AnnotationError(f"{where}: expected four numbers for the box, got {','.join(corners)}") from None
    if has_size:
        x2, y2 = x1 + x2, y1 + y2
    if not (all(map(math.isfinite, (x1, y1, x2, y2))) and x1 < x2 and y1 < y2):
        raise AnnotationError(f"{where}: expected x1 < x2 and y1 < y2, got {x1:g},{y1:g},{x2:g},{y2:g}")
    return x1, y1, x2, y2


def _columns(header: Sequence[str], source: Path) -> dict[str, int]:
    """Return the index of each column by its key in `ALIASES`."""
    names = [name.strip().lower().replace(" ", "_") for name in header]
    found: dict[str, int] = {}
    for ours, theirs in ALIASES.items():
        place = next((names.index(name) for name in theirs if name in names), None)
        if place is not None and place not in found.values():
            found[ours] = place
    corners = {"x2", "y2"} <= set(found) or {"width", "height"} <= set(found)
    missing = [name for name in NEEDED if name not in found] + ([] if corners else ["x2", "y2 (or width, height)"])
    if missing:
        raise AnnotationError(
            f"{source}, row 1: expected a header video,frame,x1,y1,x2,y2,label[,track], got "
            f"{','.join(header) or 'nothing'}: add {', '.join(missing)}"
        )
    return found


def _row(fields: Sequence[str], columns: Mapping[str, int], first: int, where: str) -> TableRow:
    if len(fields) <= max(columns.values()):
        raise AnnotationError(f"{where}: expected at least {max(columns.values()) + 1} fields, got {len(fields)}")
    texts = {name: fields[place].strip() for name, place in columns.items()}
    try:
        number = float(texts["frame"])
    except ValueError:
        number = math.nan
    if not number.is_integer() or number < first:
        raise AnnotationError(f"{where}: frame: expected a whole number of at least {first}, got {texts['frame']!r}")
    if not texts["label"]:
        raise AnnotationError(f"{where}: label: expected a class name, got nothing")
    has_size = not {"x2", "y2"} <= set(columns)
    ends = ("width", "height") if has_size else ("x2", "y2")
    box = checked_box([texts[name] for name in ("x1", "y1", *ends)], where, has_size)
    return TableRow(texts["video"], int(number) - first, box, texts["label"], texts.get("track", ""))
