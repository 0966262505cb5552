"""The project's own annotation format: one CSV row a box and frame, to be read and written by people too.

    video,frame,x1,y1,x2,y2,label,track
    train_0000,12,33.50,20.25,61.00,48.00,move_left,0

`frame` counts from 0; the corners are in pixels of the video, `x2` and `y2` beyond the last pixel; `label` is the name
of a class; `track` tells the instances of a video apart, by a number or any other word. Rows stand in any order. Who
does two things at once has two rows a frame, with one track and two labels.
"""

import csv
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from yowo.contracts import Tube
from yowo.errors import AnnotationError, DatasetError

COLUMNS = ("video", "frame", "x1", "y1", "x2", "y2", "label", "track")
SLACK = 1.0
"""Pixels that a box may reach beyond the picture; it is clipped."""


class Extent(NamedTuple):
    """How long and how large a video is.

    Attributes:
        num_frames: Frames.
        size: Width and height in pixels.
    """

    num_frames: int
    size: tuple[int, int]


class TableRow(NamedTuple):
    """One row.

    Attributes:
        video: Name of the video.
        frame: From 0.
        box: x1 y1 x2 y2 in pixels.
        label: Name of the class.
        track: Number or name of the instance in its video.
    """

    video: str
    frame: int
    box: tuple[float, float, float, float]
    label: str
    track: str


def text_lines(path: Path) -> list[str]:
    """Return the lines of a text file.

    Raises:
        AnnotationError: It is no text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise AnnotationError(f"{path}: expected a text file in UTF-8 ({error})") from error


def write_table(path: Path, rows: Iterable[TableRow]) -> None:
    """Write rows as a table that `read_table` reads; coordinates get two decimals."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([row.video, row.frame, *(f"{value:.2f}" for value in row.box), row.label, row.track])


def read_table(
    path: Path, classes: Sequence[str], videos: Mapping[str, Extent], left_out: Collection[str] = ()
) -> dict[str, tuple[Tube, ...]]:
    """Read the action instances of a table.

    Args:
        path: CSV file with the eight columns above, in any order; others are ignored.
        classes: Names of the classes, in the order of their numbers.
        videos: Length and size of each video that rows may name.
        left_out: Further videos whose rows are passed over, such as those that cannot be read.

    Returns:
        The tubes of each of `videos`, in the order of their first rows; boxes float32 x1 y1 x2 y2 as fractions of the
        picture, clipped to it. A track that has frames without a box becomes several tubes.

    Raises:
        DatasetError: There is no such file.
        AnnotationError: The header lacks a column, or a row cannot be; the message names file and row.
    """
    return tubes_of_rows(table_rows(path), path, classes, videos, left_out)


def tubes_of_rows(
    rows: Iterable[tuple[int, TableRow | AnnotationError]],
    path: Path,
    classes: Sequence[str],
    videos: Mapping[str, Extent],
    left_out: Collection[str] = (),
) -> dict[str, tuple[Tube, ...]]:
    """Do the part of `read_table` that follows the reading.

    Args:
        rows: As `table_rows` yields them.
        path: What to call the table in errors.
        classes: As of `read_table`.
        videos: As of `read_table`.
        left_out: As of `read_table`.

    Returns:
        As `read_table`.

    Raises:
        AnnotationError: A row is impossible; the message names file and row.
    """
    tracks: dict[tuple[str, str, str], dict[int, tuple[float, ...]]] = {}
    for line, row in rows:
        where = f"{path}, row {line}"
        if isinstance(row, AnnotationError):
            raise row
        if row.video in left_out:
            continue
        _check(row, classes, videos, where)
        boxes = tracks.setdefault((row.video, row.track, row.label), {})
        if row.frame in boxes:
            raise AnnotationError(
                f"{where}: expected one box a frame of {row.video}, track {row.track}, {row.label}; frame "
                f"{row.frame} has a second one: give the other instance another track"
            )
        boxes[row.frame] = row.box
    found: dict[str, list[Tube]] = {name: [] for name in videos}
    for (video, _, label), boxes in tracks.items():
        found[video] += _tubes(classes.index(label), boxes, videos[video].size)
    return {name: tuple(tubes) for name, tubes in found.items()}


def table_rows(path: Path) -> Iterator[tuple[int, TableRow | AnnotationError]]:
    """Walk over a table, row by row, without looking at what the rows say.

    Yields:
        The line in the file, from 1, and the row; or what is wrong with it, where it cannot be taken apart.

    Raises:
        DatasetError: There is no such file.
        AnnotationError: The header lacks a column, or the file is no CSV.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: expected a CSV file with the columns {','.join(COLUMNS)}; it is not there")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            columns = _columns(next(reader, []), path)
            for fields in reader:
                if not fields:
                    continue
                try:
                    yield reader.line_num, _row(fields, columns, f"{path}, row {reader.line_num}")
                except AnnotationError as error:
                    yield reader.line_num, error
    except (csv.Error, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: expected a CSV file in UTF-8: {error}") from error


class _Columns(NamedTuple):
    """Number of fields of a row, and the place of each of `COLUMNS` among them."""

    fields: int
    places: tuple[int, ...]


def _columns(header: list[str], path: Path) -> _Columns:
    names = [name.strip() for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise AnnotationError(
            f"{path}, row 1: expected the columns {','.join(COLUMNS)}, got {','.join(names) or 'nothing'}: "
            f"add {','.join(missing)}"
        )
    return _Columns(len(names), tuple(names.index(name) for name in COLUMNS))


def _row(fields: list[str], columns: _Columns, where: str) -> TableRow:
    """Take a row apart; its numbers are numbers afterwards, but may be wrong ones."""
    if len(fields) != columns.fields:
        raise AnnotationError(f"{where}: expected {columns.fields} fields as in the header, got {len(fields)}")
    video, frame, x1, y1, x2, y2, label, track = (fields[place].strip() for place in columns.places)
    try:
        number = int(frame)
    except ValueError:
        raise AnnotationError(f"{where}: frame: expected a whole number, got {frame!r}") from None
    try:
        box = (float(x1), float(y1), float(x2), float(y2))
    except ValueError:
        raise AnnotationError(f"{where}: expected numbers for x1,y1,x2,y2, got {x1},{y1},{x2},{y2}") from None
    return TableRow(video, number, box, label, track)


def problem(row: TableRow, extent: Extent) -> str | None:
    """Say why a row's frame or box cannot be, in a video of that length and size; None where it can."""
    num_frames, (width, height) = extent
    if not 0 <= row.frame < num_frames:
        return f"frame: expected 0 to {num_frames - 1}, the frames of {row.video}, got {row.frame}"
    x1, y1, x2, y2 = row.box
    inside = x1 >= -SLACK and x2 <= width + SLACK and y1 >= -SLACK and y2 <= height + SLACK
    left = min(x2, width) - max(x1, 0) > 0 and min(y2, height) - max(y1, 0) > 0
    if not (all(map(math.isfinite, row.box)) and inside and left):
        return (
            f"expected x1 < x2 within 0 to {width} and y1 < y2 within 0 to {height}, the pixels of "
            f"{row.video}, got x1={x1:g}, y1={y1:g}, x2={x2:g}, y2={y2:g}"
        )
    return None


def _check(row: TableRow, classes: Sequence[str], videos: Mapping[str, Extent], where: str) -> None:
    """Raise AnnotationError where a row says what cannot be."""
    if row.video not in videos:
        raise AnnotationError(
            f"{where}: video: no video is called {row.video!r}; there are {len(videos)}, such as "
            f"{next(iter(videos), 'none')!r}: correct the name or remove the row"
        )
    if row.label not in classes:
        raise AnnotationError(f"{where}: label: expected one of {', '.join(classes)}, got {row.label!r}")
    if not row.track:
        raise AnnotationError(f"{where}: track: expected a number or name for the instance, got nothing")
    wrong = problem(row, videos[row.video])
    if wrong is not None:
        raise AnnotationError(f"{where}: {wrong}")


def _tubes(label: int, boxes: Mapping[int, tuple[float, ...]], size: tuple[int, int]) -> list[Tube]:
    """Cut a track into tubes without gaps."""
    frames = np.array(sorted(boxes))
    scale = np.array([*size, *size])
    norm = np.clip(np.array([boxes[frame] for frame in frames.tolist()]) / scale, 0, 1).astype(np.float32)
    cuts = np.flatnonzero(np.diff(frames) > 1) + 1
    starts = frames[np.concatenate([[0], cuts]).astype(int)]
    return [Tube(label, int(start), part) for start, part in zip(starts, np.split(norm, cuts), strict=True)]
