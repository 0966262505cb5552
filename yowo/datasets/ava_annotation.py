"""Readers of AVA's files: ground truth and detections in the official CSV, class lists, excluded timestamps."""

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yowo.errors import AnnotationError

Ints = NDArray[np.int64]
Key = tuple[str, float]
COLUMNS = "video_id,timestamp,x1,y1,x2,y2,action_id,score"
TRUTH_COLUMNS = "video_id,timestamp,x1,y1,x2,y2,action_id,person_id"
ITEM = re.compile(r"\b(?:item|label)\s*\{(.*?)\}", re.DOTALL)
NAME = re.compile(r"""\bname:\s*(["'])(.*?)\1""")
NUMBER = re.compile(r"\b(?:id|label_id):\s*(\d+)")
SECOND = re.compile(r"\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class AvaRows:
    """Rows of an AVA file in file order, one row per box and class.

    Attributes:
        videos: Names of the videos.
        video: int64 [n], index into `videos`.
        seconds: float64 [n], timestamp in seconds.
        labels: int64 [n], action ids as in the file, from 1.
        boxes_norm: float64 [n, 4], x1 y1 x2 y2 as fractions of the picture.
        scores: float64 [n], confidence of detections; ones for ground truth.
    """

    videos: tuple[str, ...]
    video: Ints
    seconds: NDArray[np.float64]
    labels: Ints
    boxes_norm: NDArray[np.float64]
    scores: NDArray[np.float64]

    def take(self, rows: NDArray[np.bool_] | Ints) -> "AvaRows":
        """Return the selected rows; `videos` is kept unchanged.

        Args:
            rows: Boolean mask [n], or int64 [k] row indices.
        """
        return AvaRows(
            self.videos,
            self.video[rows],
            self.seconds[rows],
            self.labels[rows],
            self.boxes_norm[rows],
            self.scores[rows],
        )


def read_ava_csv(path: Path | str, scored: bool) -> AvaRows:
    """Read a CSV file in AVA's format.

    Args:
        path: The file, without a header. A row is video_id, timestamp, x1, y1, x2, y2, action_id, and then a score
            (detections) or an optional person id (ground truth). Ground-truth rows that end after the timestamp stand
            for frames without a labelled person; they are skipped.
        scored: Whether the file contains detections.

    Returns:
        The rows in file order.

    Raises:
        AnnotationError: The file cannot be read or a row is invalid; the message names the row, from 1.
    """
    path = Path(path)
    expected = COLUMNS if scored else TRUTH_COLUMNS
    table, names = _read_fast(path) or _read_slowly(path, scored, expected)
    if not scored:
        table[:, 6] = 1.0
    _check(path, table)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return AvaRows(
        videos=tuple(numbers),
        video=np.array([numbers[name] for name in names], dtype=np.int64),
        seconds=table[:, 0],
        labels=table[:, 5].astype(np.int64),
        boxes_norm=table[:, 1:5],
        scores=table[:, 6],
    )


def _read_fast(path: Path) -> tuple[NDArray[np.float64], list[str]] | None:
    """Parse a plain file of eight columns with NumPy; None if the file needs `_read_slowly`.

    Returns:
        Columns 2 to 8, float64 [n, 7], and the video names.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        names = [line.partition(",")[0] for line in lines]
        if not lines or '"' in "".join(names) or not all(line.count(",") == 7 for line in lines):
            return None
        table = np.loadtxt(lines, delimiter=",", usecols=range(1, 8), ndmin=2, comments=None)
    except (OSError, ValueError):
        return None
    return (table, names) if len(table) == len(names) else None


def _read_slowly(path: Path, scored: bool, expected: str) -> tuple[NDArray[np.float64], list[str]]:
    """Parse row by row: handles quotes and missing columns, and names the invalid row in errors.

    Returns:
        As `_read_fast`.
    """
    names: list[str] = []
    numbers: list[list[float]] = []
    lengths = {8} if scored else {7, 8}
    for line, row in _rows(path):
        if len(row) == 2 and not scored:
            continue
        if len(row) not in lengths:
            raise AnnotationError(f"{path}: row {line}: expected 8 columns ({expected}), got {len(row)}")
        try:
            numbers.append([float(value) for value in row[1:7]] + [float(row[7]) if scored else 1.0])
        except ValueError as error:
            raise AnnotationError(f"{path}: row {line}: expected {expected}, got {','.join(row)}") from error
        names.append(row[0])
    return np.array(numbers, dtype=np.float64).reshape(-1, 7), names


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for line, row in enumerate(csv.reader(file), 1):
                if row:
                    yield line, row
    except FileNotFoundError as error:
        raise AnnotationError(f"{path}: file not found; check the path") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AnnotationError(f"{path}: not a readable CSV file ({error})") from error


def _check(path: Path, table: NDArray[np.float64]) -> None:
    """Check the values of all rows.

    Args:
        path: The file, for error messages.
        table: float64 [n, 7]: timestamp, x1, y1, x2, y2, action id, score.

    Raises:
        AnnotationError: A row is invalid; the message names the first such row and its content.
    """
    boxes, actions = table[:, 1:5], table[:, 5]
    wrong = {
        "expected finite numbers": ~np.isfinite(table).all(axis=1),
        "expected a box with x1 <= x2 and y1 <= y2": (boxes[:, :2] > boxes[:, 2:]).any(axis=1),
        "expected a whole number of at least 1 as action_id": (actions != np.floor(actions)) | (actions < 1),
    }
    _name_first(path, wrong)


def _name_first(path: Path, wrong: dict[str, NDArray[np.bool_]]) -> None:
    """Raise an error for the first invalid row of the first failed check.

    Args:
        path: The file.
        wrong: Boolean masks [n] of invalid rows, by what was expected.

    Raises:
        AnnotationError: A row is invalid.
    """
    for what, rows in wrong.items():
        found = np.flatnonzero(rows)
        if len(found):
            line = _line_of(path, int(found[0]))
            raise AnnotationError(f"{path}: row {line[0]}: {what}, got {','.join(line[1])} ({len(found)} such rows)")


def read_truth(path: Path | str, num_classes: int) -> AvaRows:
    """Read a ground-truth CSV for training, with stricter checks than `read_ava_csv`.

    Args:
        path: The file, see `read_ava_csv`.
        num_classes: Number of classes, C; action ids are 1 to C.

    Returns:
        The rows in file order.

    Raises:
        AnnotationError: See `read_ava_csv`; also if a box extends beyond the picture or an action id is above C.
    """
    rows = read_ava_csv(path, scored=False)
    outside = np.asarray(((rows.boxes_norm < 0) | (rows.boxes_norm > 1)).any(axis=1))
    wrong = {
        "expected a box inside the picture, as fractions from 0 to 1": outside,
        f"expected an action_id from 1 to {num_classes}": rows.labels > num_classes,
    }
    _name_first(Path(path), wrong)
    return rows


def _line_of(path: Path, index: int) -> tuple[int, list[str]]:
    """Return row number (from 1) and fields of the `index`-th row with a box."""
    held = ((line, row) for line, row in _rows(path) if len(row) > 2)
    return next(found for place, found in enumerate(held) if place == index)


def read_class_list(path: Path | str) -> dict[int, str]:
    """Read an official class list (`.pbtxt`): blocks with `name:` and `id:` or `label_id:`.

    Args:
        path: The file.

    Returns:
        Class names by action id, from 1, in file order.

    Raises:
        AnnotationError: The file cannot be read or contains no class.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise AnnotationError(f"{path}: class list not found; check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: not a readable class list ({error})") from error
    classes: dict[int, str] = {}
    for block in ITEM.findall(text):
        name, number = NAME.search(block), NUMBER.search(block)
        if name and number:
            classes[int(number[1])] = name[2]
    if not classes:
        raise AnnotationError(f"{path}: expected blocks with name: and id: (or label_id:), found none")
    return classes


def read_excluded(path: Path | str) -> set[Key]:
    """Read the official list of excluded timestamps: rows `video_id,timestamp`.

    Args:
        path: The file.

    Returns:
        Pairs of video name and timestamp in seconds.

    Raises:
        AnnotationError: The file cannot be read or a row has another format.
    """
    rows = list(_rows(Path(path)))
    for line, row in rows:
        if len(row) != 2 or not SECOND.fullmatch(row[1].strip()):
            raise AnnotationError(f"{path}: row {line}: expected video_id,timestamp, got {','.join(row)}")
    return {(name, float(second)) for _, (name, second) in rows}


def without(rows: AvaRows, excluded: Collection[Key]) -> AvaRows:
    """Remove the rows with excluded timestamps.

    Args:
        rows: The rows.
        excluded: Pairs of video name and timestamp in seconds; timestamps are compared as numbers.
    """
    index = {name: number for number, name in enumerate(rows.videos)}
    keys = np.array([(index[name], second) for name, second in excluded if name in index]).reshape(-1, 2)
    gone = np.zeros(len(rows.video), dtype=np.bool_)
    for video in np.unique(keys[:, 0]):
        seconds = keys[keys[:, 0] == video, 1]
        gone |= (rows.video == int(video)) & np.isin(rows.seconds, seconds)
    return rows.take(~gone)


def of_videos(rows: AvaRows, names: Collection[str]) -> AvaRows:
    """Keep only the rows of the videos in `names`."""
    kept = np.array([name in names for name in rows.videos], dtype=np.bool_)
    return rows.take(kept[rows.video])
