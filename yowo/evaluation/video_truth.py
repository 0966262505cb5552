"""Ground truth of the UCF101-24 and JHMDB-21 protocols, read from the files as their owners publish them, in pixels."""

import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from yowo.contracts import Tube
from yowo.data.ucf24_annotation import read_pixel_tubes
from yowo.errors import AnnotationError
from yowo.evaluation.frame_matching import LabelledBoxes

TextFile = tuple[str, str]
FRAME_FILE = re.compile(r"(?P<video>.+)_(?P<frame>\d+)\.txt")
VIDEO_ENDING = re.compile(r"\.(avi|mp4|mkv|webm)$", re.IGNORECASE)
Truth = dict[str, list[Tube]]


def read_truth(path: Path | str, classes: Sequence[str]) -> Truth:
    """Read the ground truth of a protocol on videos; the kind of file is found by looking at it.

    Args:
        path: `finalAnnots.mat` of UCF101-24; or a folder or zip of text files, one an annotated frame, named
            `<Class>_<video>_<frame>.txt`, with lines `class x1 y1 x2 y2` (class and frame from 1, pixels).
        classes: Names of the C classes in the order of their numbers.

    Returns:
        Ground-truth tubes of each video, boxes in pixels. Videos are named "<Class>/<video>".

    Raises:
        AnnotationError: There is no such file, or it cannot be read; the message names file and line.
    """
    path = Path(path)
    if not path.exists():
        raise AnnotationError(f"{path}: there is no such annotation")
    if path.is_dir() or zipfile.is_zipfile(path):
        return _text_truth(path, classes)
    truth = {name: list(tubes) for name, tubes in read_pixel_tubes(path).items()}
    highest = max((tube.label for tubes in truth.values() for tube in tubes), default=0)
    if highest >= len(classes):
        raise AnnotationError(f"{path}: class {highest + 1} is annotated; expected 1 to {len(classes)}")
    return truth


def frame_boxes(truth: Truth, first_frame: dict[str, int]) -> LabelledBoxes:
    """Lay out tubes as the boxes of single frames; boxes of a frame stand in the order of its video's tubes.

    Args:
        truth: Tubes of each video, pixels.
        first_frame: Number of each scored video's first frame among the frames of all videos.

    Returns:
        The boxes of the videos in `first_frame`.
    """
    tubes = [(first_frame[name], tube) for name, tubes in truth.items() if name in first_frame for tube in tubes]
    if not tubes:
        return LabelledBoxes(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 4)))
    return LabelledBoxes(
        frames=np.concatenate([before + tube.start + np.arange(len(tube.boxes)) for before, tube in tubes]),
        labels=np.concatenate([np.full(len(tube.boxes), tube.label, dtype=np.int64) for _, tube in tubes]),
        boxes_xyxy=np.concatenate([tube.boxes for _, tube in tubes]).astype(np.float64),
    )


def _text_truth(path: Path, classes: Sequence[str]) -> Truth:
    """Join the text files of frames to a tube a run of frames; the i-th lines of a video's frames are one tube."""
    rows: dict[str, dict[int, list[list[float]]]] = defaultdict(dict)
    for name, text in _text_files(path):
        parts = FRAME_FILE.fullmatch(name)
        if parts is None:
            raise AnnotationError(f"{path}: {name}: expected a name like <Class>_<video>_00001.txt")
        lines = [
            _numbers(line, f"{path}: {name}, line {row}", len(classes)) for row, line in enumerate(text, 1) if line
        ]
        if lines:
            rows[_video_name(parts["video"], classes[int(lines[0][0]) - 1])][int(parts["frame"])] = lines
    if not rows:
        raise AnnotationError(f"{path}: no text file of annotated frames is in it")
    return {video: list(_runs(frames)) for video, frames in sorted(rows.items())}


def _text_files(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Give name and lines of each text file in a folder or zip, in the order of their names."""
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
        raise AnnotationError(f"{path}: cannot be read ({error})") from error


def _numbers(line: str, where: str, num_classes: int) -> list[float]:
    """Return class, x1, y1, x2, y2 of a line."""
    words = line.split()
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise AnnotationError(f"{where}: expected five numbers, class x1 y1 x2 y2, got {line!r}") from error
    if len(values) != 5 or not np.isfinite(values).all():
        raise AnnotationError(f"{where}: expected five numbers, class x1 y1 x2 y2, got {line!r}")
    if values[0] != int(values[0]) or not 1 <= values[0] <= num_classes:
        raise AnnotationError(f"{where}: expected a class of 1 to {num_classes}, got {words[0]}")
    if values[1] > values[3] or values[2] > values[4]:
        raise AnnotationError(f"{where}: expected x1 <= x2 and y1 <= y2, got {' '.join(words[1:])}")
    return values


def _video_name(joined: str, label: str) -> str:
    """Turn `<Class>_<video>` into "<Class>/<video>"; a name without its class gets it."""
    return f"{label}/{joined.removeprefix(f'{label}_')}"


def _runs(frames: dict[int, list[list[float]]]) -> Iterator[Tube]:
    """Give the tubes of one video: line i of consecutive frames, cut where a frame or the line is missing."""
    for place in range(max(len(lines) for lines in frames.values())):
        numbers = [number for number in sorted(frames) if len(frames[number]) > place]
        boxes = np.array([frames[number][place] for number in numbers])
        breaks = np.flatnonzero((np.diff(numbers) != 1) | (np.diff(boxes[:, 0]) != 0)) + 1
        for part in np.split(np.arange(len(numbers)), breaks):
            yield Tube(int(boxes[part[0], 0]) - 1, numbers[part[0]] - 1, boxes[part, 1:].astype(np.float32))


def match_names(wanted: Sequence[str], known: Truth, source: str, where: Path | str) -> dict[str, str]:
    """Find the annotation's name of each video, by name, never by position.

    "<Class>/<video>", "<Class>_<video>" and, where only one class has it, "<video>" alone are the same video.

    Args:
        wanted: Names to find.
        known: The annotation.
        source: What to call the file that has the names, in errors.
        where: What to call the annotation.

    Returns:
        The annotation's name of each name.

    Raises:
        AnnotationError: One is not known; the message names it.
    """
    other: dict[str, str] = {}
    ambiguous: set[str] = set()
    forms: list[Callable[[str], str]] = [lambda n: n.replace("/", "_", 1), lambda n: n.partition("/")[2]]
    for name in known:
        for form in forms:
            key = form(name)
            if key in other:
                ambiguous.add(key)
            other[key] = name
    result = {}
    for name in wanted:
        if name in known:
            result[name] = name
        elif name in other and name not in ambiguous:
            result[name] = other[name]
    missing = [name for name in wanted if name not in result]
    if missing:
        raise AnnotationError(
            f"{source}: video {missing[0]} is not in {where} ({len(missing)} such videos): expected names like "
            f"{next(iter(known), 'Class/video')}"
        )
    return result


def read_names(path: Path | str) -> list[str]:
    """Read the names of videos, one a line; an ending such as .avi is left off.

    Args:
        path: Text file.

    Returns:
        The names, each once, in the order of the file.

    Raises:
        AnnotationError: The file cannot be read or holds no name.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise AnnotationError(f"{path}: there is no such list of videos") from error
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: not a readable list of videos ({error})") from error
    names = [line.split()[0] for line in lines if line.strip()]
    if not names:
        raise AnnotationError(f"{path}: no video is in it; expected names, one a line")
    return list(dict.fromkeys(VIDEO_ENDING.sub("", name) for name in names))
