"""The project's own annotation format: a CSV file with one row per box and frame, which people can read and edit.

    video,frame,x1,y1,x2,y2,label,track
    train_0000,12,33.50,20.25,61.00,48.00,move_left,0

`frame` counts from 0. The corners are in pixels of the video; `x2` and `y2` are exclusive. `label` is a class name.
`track` identifies an instance within its video, by a number or any other word. Rows may be in any order. A person who
does two things at once has two rows per frame, with the same track and different labels.
"""

import csv
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from yowo.contracts import Tube
from yowo.errors import AnnotationError, DatasetError
from yowo.video.file_names import spelled

COLUMNS = ("video", "frame", "x1", "y1", "x2", "y2", "label", "track")
SLACK = 1.0
"""Tolerance in pixels by which a box may extend beyond the picture; such boxes are clipped."""


class Extent(NamedTuple):
    """Length and size of a video.

    Attributes:
        num_frames: Number of frames.
        size: Width and height in pixels.
    """

    num_frames: int
    size: tuple[int, int]


class TableRow(NamedTuple):
    """One row of the table.

    Attributes:
        video: Name of the video, in one spelling of accents (`yowo.video.file_names.spelled`).
        frame: Frame number, from 0.
        box: x1 y1 x2 y2 in pixels.
        label: Name of the class.
        track: Number or name that identifies the instance within its video.
    """

    video: str
    frame: int
    box: tuple[float, float, float, float]
    label: str
    track: str


def text_lines(path: Path) -> list[str]:
    """Return the lines of a text file.

    Raises:
        AnnotationError: The file is not UTF-8 text.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise AnnotationError(f"{path}: expected a text file in UTF-8 ({error})") from error


def write_table(path: Path, rows: Iterable[TableRow]) -> None:
    """Write rows as a table in the format of `read_table`; coordinates are rounded to two decimals.

    Args:
        path: CSV file to write; an existing one is replaced.
        rows: Rows, written in their order.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_table(Path(folder) / "t.csv", [TableRow("clip", 0, (10, 20.256, 50, 80), "run", "0")])
        ...     print((Path(folder) / "t.csv").read_text(), end="")
        video,frame,x1,y1,x2,y2,label,track
        clip,0,10.00,20.26,50.00,80.00,run,0
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([row.video, row.frame, *(f"{value:.2f}" for value in row.box), row.label, row.track])


def read_table(
    path: Path, classes: Sequence[str], videos: Mapping[str, Extent], left_out: Collection[str] = ()
) -> dict[str, tuple[Tube, ...]]:
    """Read a table as action tubes.

    Args:
        path: CSV file with the eight columns above, in any order; other columns are ignored.
        classes: Names of the classes, in the order of their 0-based numbers.
        videos: Length and size of each video that rows may refer to.
        left_out: Names of further videos whose rows are skipped, such as unreadable ones.

    Returns:
        The tubes of each of `videos`, in the order of their first rows; boxes are float32 [n, 4], x1 y1 x2 y2 as
        fractions of the picture, clipped to 0..1. A track is split into several tubes at frames without a box.

    Raises:
        DatasetError: The file does not exist.
        AnnotationError: The header lacks a column, or a row is invalid; the message names file and row.

    Examples:
        >>> import tempfile
        >>> rows = [TableRow("clip", frame, (16, 32, 48, 64), "run", "0") for frame in (3, 4)]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_table(Path(folder) / "t.csv", rows)
        ...     tubes = read_table(Path(folder) / "t.csv", ["jump", "run"], {"clip": Extent(25, (64, 128))})
        >>> tube = tubes["clip"][0]
        >>> tube.label, tube.start, tube.boxes.tolist()
        (1, 3, [[0.25, 0.25, 0.75, 0.5], [0.25, 0.25, 0.75, 0.5]])
    """
    return tubes_of_rows(table_rows(path), path, classes, videos, left_out)


def tubes_of_rows(
    rows: Iterable[tuple[int, TableRow | AnnotationError]],
    path: Path,
    classes: Sequence[str],
    videos: Mapping[str, Extent],
    left_out: Collection[str] = (),
) -> dict[str, tuple[Tube, ...]]:
    """Convert rows that were already read to tubes: the second half of `read_table`.

    Args:
        rows: Line numbers and rows, as yielded by `table_rows`.
        path: Path of the table, for error messages only.
        classes: See `read_table`.
        videos: See `read_table`.
        left_out: See `read_table`.

    Returns:
        The tubes of each video, see `read_table`.

    Raises:
        AnnotationError: A row is invalid; the message names file and row.
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
                f"{where}: expected one box per frame for {row.video}, track {row.track}, {row.label}, but frame "
                f"{row.frame} has a second one: give each instance its own track"
            )
        boxes[row.frame] = row.box
    found: dict[str, list[Tube]] = {name: [] for name in videos}
    for (video, _, label), boxes in tracks.items():
        found[video] += _tubes(classes.index(label), boxes, videos[video].size)
    return {name: tuple(tubes) for name, tubes in found.items()}


def table_rows(path: Path) -> Iterator[tuple[int, TableRow | AnnotationError]]:
    """Parse a table row by row, without checking the values.

    Yields:
        Line number in the file, from 1, and the row, or an AnnotationError if the row cannot be parsed.

    Raises:
        DatasetError: The file does not exist.
        AnnotationError: The header lacks a column, or the file is not a CSV file.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: expected a CSV file with the columns {','.join(COLUMNS)}; it does not exist")
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
    """Number of fields per row, and the index of each of `COLUMNS` among them."""

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
    """Parse a row: numbers are converted, but their values are not checked."""
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
    return TableRow(spelled(video), number, box, label, track)


def problem(row: TableRow, extent: Extent) -> str | None:
    """Return why a row's frame or box is invalid in a video of the given length and size; None if both are valid."""
    num_frames, (width, height) = extent
    if not 0 <= row.frame < num_frames:
        return f"frame: expected 0 to {num_frames - 1} (frames of {row.video}), got {row.frame}"
    x1, y1, x2, y2 = row.box
    inside = x1 >= -SLACK and x2 <= width + SLACK and y1 >= -SLACK and y2 <= height + SLACK
    left = min(x2, width) - max(x1, 0) > 0 and min(y2, height) - max(y1, 0) > 0
    if not (all(map(math.isfinite, row.box)) and inside and left):
        return (
            f"expected x1 < x2 within 0 to {width} and y1 < y2 within 0 to {height} (pixels of {row.video}), got "
            f"x1={x1:g}, y1={y1:g}, x2={x2:g}, y2={y2:g}"
        )
    return None


def _check(row: TableRow, classes: Sequence[str], videos: Mapping[str, Extent], where: str) -> None:
    """Raise AnnotationError if a row is invalid."""
    if row.video not in videos:
        raise AnnotationError(
            f"{where}: video: expected the name of a video, such as {next(iter(videos), 'none')!r}, got {row.video!r}: "
            "correct the name or remove the row"
        )
    if row.label not in classes:
        raise AnnotationError(f"{where}: label: expected one of {', '.join(classes)}, got {row.label!r}")
    if not row.track:
        raise AnnotationError(f"{where}: track: expected a number or name that identifies the instance, got nothing")
    wrong = problem(row, videos[row.video])
    if wrong is not None:
        raise AnnotationError(f"{where}: {wrong}")


def _tubes(label: int, boxes: Mapping[int, tuple[float, ...]], size: tuple[int, int]) -> list[Tube]:
    """Split a track, boxes by frame, into tubes without gaps; `size` is the video's width and height in pixels."""
    frames = np.array(sorted(boxes))
    scale = np.array([*size, *size])
    norm = np.clip(np.array([boxes[frame] for frame in frames.tolist()]) / scale, 0, 1).astype(np.float32)
    cuts = np.flatnonzero(np.diff(frames) > 1) + 1
    starts = frames[np.concatenate([[0], cuts]).astype(int)]
    return [Tube(label, int(start), part) for start, part in zip(starts, np.split(norm, cuts), strict=True)]
