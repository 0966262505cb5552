"""Boxes in text files, one file per annotated frame: the YOWO authors' ground truth of UCF101-24 and JHMDB-21."""

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from yowo.contracts import Tube
from yowo.errors import AnnotationError

FRAME_FILE = re.compile(r"(?P<video>.+)_(?P<frame>\d+)\.txt")


def read_text_tubes(path: Path, classes: Sequence[str]) -> dict[str, list[Tube]]:
    """Read text files and join them to tubes: the i-th lines of consecutive frames of a video form one tube.

    Args:
        path: Folder or zip of text files, one per annotated frame, named `<Class>_<video>_<frame>.txt`, with lines
            `class x1 y1 x2 y2` (class and frame from 1, pixels).
        classes: Names of the C classes, in the order of their numbers.

    Returns:
        The tubes of each video; boxes are float32 [n, 4], x1 y1 x2 y2 in pixels as in the files; frames and classes
        from 0. Videos are named "<Class>/<video>", in alphabetical order.

    Raises:
        AnnotationError: The files cannot be read, or a line is invalid; the message names file and line.
    """
    rows: dict[str, dict[int, list[list[float]]]] = defaultdict(dict)
    for name, text in _text_files(path):
        parts = FRAME_FILE.fullmatch(name)
        if parts is None:
            raise AnnotationError(f"{path}: {name}: expected a file name such as <Class>_<video>_00001.txt")
        lines = [
            _numbers(line, f"{path}: {name}, line {row}", len(classes)) for row, line in enumerate(text, 1) if line
        ]
        if lines:
            rows[_video_name(parts["video"], classes[int(lines[0][0]) - 1])][int(parts["frame"])] = lines
    if not rows:
        raise AnnotationError(f"{path}: expected text files with boxes, found none")
    return {video: list(_runs(frames)) for video, frames in sorted(rows.items())}


def read_label_files(folder: Path, classes: Sequence[str]) -> list[Tube]:
    """Read the boxes of one video from text files named by frame number, such as `00001.txt`.

    Args:
        folder: Folder of the video; it may be missing.
        classes: Names of the C classes, in the order of their numbers.

    Returns:
        The tubes, in the format of `read_text_tubes`; empty if the folder is missing or has no boxes.

    Raises:
        AnnotationError: A file cannot be read, or a line is invalid; the message names file and line.
    """
    frames: dict[int, list[list[float]]] = {}
    for name, text in _text_files(folder) if folder.is_dir() else ():
        stem = name.removesuffix(".txt")
        if not stem.isdecimal():
            raise AnnotationError(f"{folder / name}: expected a file named by its frame number, such as 00001.txt")
        lines = [
            _numbers(line, f"{folder / name}, line {row}", len(classes)) for row, line in enumerate(text, 1) if line
        ]
        if lines:
            frames[int(stem)] = lines
    return list(_runs(frames)) if frames else []


def _text_files(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the lines of each text file in a folder or zip, sorted by name."""
    try:
        if path.is_dir():
            for file in sorted(path.rglob("*.txt")):
                yield file.name, file.read_text(encoding="utf-8").splitlines()
            return
        with zipfile.ZipFile(path) as archive:
            for member in sorted(archive.namelist()):
                if member.endswith(".txt") and not member.startswith("__MACOSX"):
                    yield Path(member).name, archive.read(member).decode("utf-8").splitlines()
    except (OSError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise AnnotationError(f"{path}: expected a folder or zip of UTF-8 text files ({error})") from error


def _numbers(line: str, where: str, num_classes: int) -> list[float]:
    """Parse a line: class (from 1), x1, y1, x2, y2 in pixels."""
    words = line.split()
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise AnnotationError(f"{where}: expected five numbers, class x1 y1 x2 y2, got {line!r}") from error
    if len(values) != 5 or not np.isfinite(values).all():
        raise AnnotationError(f"{where}: expected five numbers, class x1 y1 x2 y2, got {line!r}")
    if values[0] != int(values[0]) or not 1 <= values[0] <= num_classes:
        raise AnnotationError(f"{where}: expected a class number from 1 to {num_classes}, got {words[0]}")
    if values[1] > values[3] or values[2] > values[4]:
        raise AnnotationError(f"{where}: expected x1 <= x2 and y1 <= y2, got {' '.join(words[1:])}")
    return values


def _video_name(joined: str, label: str) -> str:
    """Convert `<Class>_<video>` to "<Class>/<video>"; the class is added to names without it."""
    return f"{label}/{joined.removeprefix(f'{label}_')}"


def _runs(frames: dict[int, list[list[float]]]) -> Iterator[Tube]:
    """Yield the tubes of one video: the i-th lines of consecutive frames, split where a frame or line is missing."""
    for place in range(max(len(lines) for lines in frames.values())):
        numbers = [number for number in sorted(frames) if len(frames[number]) > place]
        boxes = np.array([frames[number][place] for number in numbers])
        breaks = np.flatnonzero((np.diff(numbers) != 1) | (np.diff(boxes[:, 0]) != 0)) + 1
        for part in np.split(np.arange(len(numbers)), breaks):
            yield Tube(int(boxes[part[0], 0]) - 1, numbers[part[0]] - 1, boxes[part, 1:].astype(np.float32))
