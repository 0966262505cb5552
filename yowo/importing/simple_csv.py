"""Generic CSV tables: one row per box, columns recognised by their names."""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from yowo.errors import AnnotationError
from yowo.importing.annotated import Annotated, ImportOptions, Place
from yowo.importing.box_numbers import EITHER, add_boxes
from yowo.importing.class_numbers import named_rows
from yowo.importing.collecting import Box, Collector, parsed_box
from yowo.importing.picture_frames import PictureFrames, placed_rows
from yowo.projects.table import TableRow
from yowo.video.pictures import is_picture
from yowo.video.video_folder import VideoFolder

PICTURES = ("image", "image_name", "image_path", "file_name", "picture", "img", "img_path", "path")
"""Names of columns with files of pictures."""
ALIASES = {
    "video": ("video", "video_name", "video_id", "filename", "file", "clip", *PICTURES),
    "frame": ("frame", "frame_id", "frame_number", "frame_index", "frame_no", "frame_name", *PICTURES),
    "x1": ("x1", "xmin", "left", "x", "bb_left", "xtl"),
    "y1": ("y1", "ymin", "top", "y", "bb_top", "ytl"),
    "x2": ("x2", "xmax", "right", "xbr"),
    "y2": ("y2", "ymax", "bottom", "ybr"),
    "cx": ("cx", "x_center", "xcenter", "center_x", "x_centre", "centre_x", "xc", "x_c"),
    "cy": ("cy", "y_center", "ycenter", "center_y", "y_centre", "centre_y", "yc", "y_c"),
    "width": ("width", "w", "bb_width", "box_width"),
    "height": ("height", "h", "bb_height", "box_height"),
    "label": ("label", "class", "action", "category", "class_name", "action_label"),
    "track": ("track", "track_id", "id", "person_id", "object_id", "instance_id"),
    "score": ("score", "confidence", "conf", "probability"),
}
"""Accepted column names, in order of preference."""
NEEDED = ("video", "label")
CORNERS = ("x1", "y1", "x2", "y2")
SIZES = (("x1", "y1", "width", "height"), ("cx", "cy", "width", "height"))
DELIMITERS = ",;\t"


class Columns(NamedTuple):
    """The columns of a table.

    Attributes:
        places: Index of each column by its key in `ALIASES`.
        box: Keys of the four columns of a box.
        form: What these are, see `yowo.importing.box_numbers`.
    """

    places: Mapping[str, int]
    box: tuple[str, ...]
    form: str


def read_simple_csv(source: Path, videos: VideoFolder, options: ImportOptions) -> Annotated:
    """Read a table with a header; `ALIASES` lists the accepted column names.

    A frame is a number, or the name of a picture file, which may also stand alone, with its folder: "clip/00012.jpg".
    Boxes are x1 y1 x2 y2, x1 y1 width height, or cx cy width height, in pixels or as fractions of the picture, which
    the numbers of the whole table decide. Boxes without a track are linked by overlap later, see `link_tracks`. The
    table that `yowo detect` writes is such a table.

    Args:
        source: CSV file, separated by commas, semicolons or tabs.
        videos: The annotated videos.
        options: Uses `first_frame` (default 0), `classes` if labels are numbers, `boxes`, `units` and `min_score`.

    Raises:
        AnnotationError: A column is missing or rows are damaged; the message names file and rows.
    """
    collector = Collector()
    rows: list[TableRow] = []
    places: list[Place] = []
    keys: list[str | None] = []
    frames = PictureFrames(videos, options.first_frame, collector)
    form = "xyxy"
    try:
        with source.open(newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            delimiter = max(DELIMITERS, key=header.count)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter)
            columns = _columns(next(reader, []), source)
            if options.min_score is not None and "score" not in columns.places:
                raise AnnotationError(f"{source}, row 1: --min-score needs a column score, there is none")
            form = columns.form
            for fields in reader:
                if not any(fields):
                    continue
                where = f"{source}, row {reader.line_num}"
                with collector.entry():
                    row, score, picture = _row(fields, columns, options, where)
                    if options.min_score is not None and score < options.min_score:
                        collector.leave_out(f"boxes have a score below {options.min_score:g} and were left out", where)
                        continue
                    if picture is not None:
                        frames.add(picture, picture, where)
                    else:
                        row = row._replace(video=collector.video(videos, row.video, where))
                    rows.append(row)
                    keys.append(picture)
                    places.append(Place(str(source), where))
    except OSError as error:
        raise AnnotationError(f"{source}: expected a CSV file ({error.strerror or error})") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise AnnotationError(f"{source}: expected a CSV file in UTF-8: {error}") from error
    with collector.entry():
        rows, places = placed_rows(collector, rows, places, keys, frames, str(source))
    if options.classes is not None:
        rows, places = named_rows(collector, rows, places, options.classes)
    with collector.entry():
        add_boxes(collector, rows, places, videos, options, str(source), form)
    return collector.annotated(options.classes or sorted({row.label for row in rows}))


def _columns(header: Sequence[str], source: Path) -> Columns:
    names = [name.strip().lower().replace(" ", "_") for name in header]
    found: dict[str, int] = {}
    for ours, theirs in ALIASES.items():
        place = next((names.index(name) for name in theirs if name in names), None)
        if place is not None and place not in found.values():
            found[ours] = place
    kinds = [kind for kind in (CORNERS, *SIZES) if set(kind) <= set(found)]
    missing = [name for name in NEEDED if name not in found]
    if "frame" not in found and (not missing and names[found["video"]] not in (*PICTURES, "filename", "file")):
        missing.append("frame")
    elif not header:
        missing.insert(1, "frame")
    if not kinds:
        missing += [name for name in ("x1", "y1") if name not in found and "cx" not in found]
        missing += ["x2", "y2 (or width, height)"]
    if missing:
        raise AnnotationError(
            f"{source}, row 1: expected a header video,frame,x1,y1,x2,y2,label[,track], got "
            f"{','.join(header) or 'nothing'}: add {', '.join(missing)}"
        )
    form = dict(zip((CORNERS, *SIZES), ("xyxy", "xywh", "cxcywh"), strict=True))[kinds[0]]
    if form == "xywh" and names[found["x1"]] == "x" and names[found["y1"]] == "y":
        form = EITHER
    return Columns(found, kinds[0], form)


def _row(
    fields: Sequence[str], columns: Columns, options: ImportOptions, where: str
) -> tuple[TableRow, float, str | None]:
    """Return a row, its score, and the picture file that it names.

    The box has the four numbers of the file. Without a score it is infinite. If a picture is named, the row's frame is
    still unknown; otherwise the picture is None.
    """
    needed = max(columns.places.values())
    if len(fields) <= needed:
        raise AnnotationError(f"{where}: expected at least {needed + 1} fields, got {len(fields)}")
    texts = {name: fields[place].strip() for name, place in columns.places.items()}
    first = options.first_frame or 0
    picture = _picture(texts)
    number = _number(texts.get("frame", "")) if picture is None else float(first)
    if picture is None and "frame" not in texts:
        raise AnnotationError(f"{where}: expected a column frame, or names of pictures, got {texts['video']!r}")
    if not number.is_integer() or number < first:
        raise AnnotationError(f"{where}: frame: expected a whole number of at least {first}, got {texts['frame']!r}")
    if not texts["label"]:
        raise AnnotationError(f"{where}: label: expected a class name, got nothing")
    score = math.inf
    if options.min_score is not None and "score" in texts:
        score = _number(texts["score"])
        if math.isnan(score):
            raise AnnotationError(f"{where}: score: expected a number, got {texts['score']!r}")
    box: Box = parsed_box([texts[name] for name in columns.box], where)
    return TableRow(texts["video"], int(number) - first, box, texts["label"], texts.get("track", "")), score, picture


def _picture(texts: Mapping[str, str]) -> str | None:
    """Return the path of the picture that a row names; None if it has the number of a frame."""
    video, frame = texts["video"], texts.get("frame", "")
    if is_picture(PurePosixPath(frame.replace("\\", "/")).name):
        return frame if "/" in frame or "\\" in frame or not video else f"{video}/{frame}"
    return video if not frame and is_picture(PurePosixPath(video.replace("\\", "/")).name) else None


def _number(text: str) -> float:
    """Return the number in a text; NaN if there is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
