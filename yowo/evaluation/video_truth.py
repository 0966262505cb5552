"""Read the ground truth of UCF101-24 and JHMDB-21 from the files that their owners publish, boxes in pixels."""

import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from yowo.contracts import Tube
from yowo.datasets.text_boxes import read_text_tubes
from yowo.datasets.ucf24_annotation import read_pixel_tubes
from yowo.errors import AnnotationError
from yowo.evaluation.frame_matching import LabelledBoxes

VIDEO_ENDING = re.compile(r"\.(avi|mp4|mkv|webm)$", re.IGNORECASE)
Truth = dict[str, list[Tube]]


def read_truth(path: Path | str, classes: Sequence[str]) -> Truth:
    """Read the ground truth of a protocol on videos; the kind of file is found by looking at it.

    Args:
        path: `finalAnnots.mat` of UCF101-24; or a folder or zip of text files, one per annotated frame, named
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
        return read_text_tubes(path, classes)
    truth = {name: list(tubes) for name, tubes in read_pixel_tubes(path).items()}
    highest = max((tube.label for tubes in truth.values() for tube in tubes), default=0)
    if highest >= len(classes):
        raise AnnotationError(f"{path}: class {highest + 1} is annotated; expected 1 to {len(classes)}")
    return truth


def frame_boxes(truth: Truth, first_frame: dict[str, int]) -> LabelledBoxes:
    """Return the boxes of tubes frame by frame; boxes of a frame are in the order of its video's tubes.

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


def match_names(wanted: Sequence[str], known: Truth, source: str, where: Path | str) -> dict[str, str]:
    """Find the annotation's name of each video, by name, never by position.

    "<Class>/<video>", "<Class>_<video>" and, where only one class has it, "<video>" alone are the same video.

    Args:
        wanted: Names to find.
        known: The annotation.
        source: Name of the file that has the names, for errors.
        where: Name of the annotation, for errors.

    Returns:
        The annotation's name of each name.

    Raises:
        AnnotationError: A name is not known; the message gives it.
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
    """Read the names of videos, one per line; an ending such as .avi is removed.

    Args:
        path: Text file.

    Returns:
        The names, each once, in the order of the file.

    Raises:
        AnnotationError: The file cannot be read or has no name in it.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise AnnotationError(f"{path}: there is no such list of videos") from error
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: not a readable list of videos ({error})") from error
    names = [line.split()[0] for line in lines if line.strip()]
    if not names:
        raise AnnotationError(f"{path}: no video is in it; expected names, one per line")
    return list(dict.fromkeys(VIDEO_ENDING.sub("", name) for name in names))
