"""JHMDB-21's annotation: boxes from person masks, and the videos of each split."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np
import scipy.io
from numpy.typing import NDArray

from yowo.contracts import Tube
from yowo.data.key_frames import Split
from yowo.datasets.ucf24_frames import LISTS
from yowo.errors import AnnotationError, DatasetError
from yowo.progress import track

READERS = 8
"""Number of threads that read mask files."""
MARKS: dict[str, Split | None] = {"0": None, "1": "train", "2": "val"}
"""Split for the second word of a row in the split files; 0 marks videos that are in neither split."""


def mask_boxes(mask: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the tight box of each frame's mask, in the convention of the published text files.

    Args:
        mask: Integer [H, W, T], above 0 on pixels of the person.

    Returns:
        float64 [T, 4], x1 y1 x2 y2 in pixels: column and row of the first and the last pixel, counted from 1; zeros
        for frames without a person.
    """
    person = mask > 0
    corners = []
    for axis in (0, 1):
        seen = np.asarray(person.any(axis=axis))  # [W, T] of columns, then [H, T] of rows
        corners += [seen.argmax(axis=0) + 1, len(seen) - seen[::-1].argmax(axis=0)]
    x1, x2, y1, y2 = corners
    return np.where(np.asarray(person.any(axis=(0, 1)))[:, None], np.stack([x1, y1, x2, y2], axis=1), 0).astype(
        np.float64
    )


def read_mask(path: Path, label: int) -> tuple[Tube, ...]:
    """Read `puppet_mask.mat`: an array `part_mask` [H, W, T] of a video's one person.

    Args:
        path: The file.
        label: Class of the video, from 0.

    Returns:
        One tube for each run of frames with a person; boxes are float32 [n, 4], x1 y1 x2 y2 as fractions of the
        picture.

    Raises:
        AnnotationError: The file cannot be read.
    """
    try:
        mask = scipy.io.loadmat(path, variable_names=["part_mask"])["part_mask"]
    except Exception as error:  # scipy raises errors of many kinds for damaged files
        raise AnnotationError(f"{path}: expected a MATLAB file with the array part_mask ({error!r})") from error
    if mask.ndim == 2:  # MATLAB drops the last axis of a single frame
        mask = mask[:, :, None]
    if mask.ndim != 3:
        raise AnnotationError(f"{path}: expected part_mask of shape [height, width, frames], got {list(mask.shape)}")
    height, width = mask.shape[:2]
    boxes = (mask_boxes(mask) / np.array([width, height] * 2)).astype(np.float32)
    seen = np.flatnonzero(boxes[:, 2] > 0)
    runs = np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1) if len(seen) else []
    return tuple(Tube(label, int(run[0]), boxes[run]) for run in runs)


def read_masks(folder: Path, names: Sequence[str], classes: Sequence[str]) -> dict[str, tuple[Tube, ...]]:
    """Read the masks of videos, with a progress bar.

    Args:
        folder: Folder with `<Class>/<video>/puppet_mask.mat`.
        names: Video names "<Class>/<video>"; videos without a mask file are skipped.
        classes: Names of the C classes, in the order of their numbers.

    Returns:
        The tubes of each video, see `read_mask`.

    Raises:
        AnnotationError: A file cannot be read.
    """
    files = {name: path for name in names if (path := folder / name / "puppet_mask.mat").is_file()}
    labels = [classes.index(name.partition("/")[0]) for name in files]
    with ThreadPoolExecutor(READERS) as pool:
        tubes = track(pool.map(read_mask, files.values(), labels), "reading masks", len(files), "videos", part=True)
        return dict(zip(files, tubes, strict=True))


def split_names(root: Path, number: int, classes: Sequence[str]) -> dict[Split, list[str]]:
    """Return the sorted videos of each split, named "<Class>/<video>".

    Args:
        root: Folder with `splits/<Class>_test_split<number>.txt`, rows `<video>.avi` and 1 (train), 2 (test) or 0; or
            with `trainlist.txt` and `testlist.txt`, rows `<Class>/<video>` or `labels/<Class>/<video>/00001.txt`.
        number: Number of the split, 1 to 3.
        classes: Names of the C classes.

    Raises:
        DatasetError: The split files are missing or incomplete.
        AnnotationError: A row has another format; the message names file and row.
    """
    found: dict[Split, set[str]] = {"train": set(), "val": set()}
    files = {label: root / "splits" / f"{label}_test_split{number}.txt" for label in classes}
    if any(path.is_file() for path in files.values()):
        for label, path in files.items():
            if not path.is_file():
                raise DatasetError(f"{path}: expected one such file per class; it does not exist")
            for row, words in _rows(path):
                if len(words) != 2 or words[1] not in MARKS:
                    raise AnnotationError(f"{path}: row {row}: expected <video>.avi and 0, 1 or 2, got {words}")
                part = MARKS[words[1]]
                if part is not None:
                    found[part].add(f"{label}/{words[0].removesuffix('.avi')}")
    elif any((root / name).is_file() for name in LISTS.values()):
        for part, name in LISTS.items():
            path = root / name
            for row, words in _rows(path) if path.is_file() else ():
                found[part].add(_video_of(words[0], classes, f"{path}: row {row}"))
    else:
        raise DatasetError(
            f"{root}: expected splits/<Class>_test_split{number}.txt, or trainlist.txt and testlist.txt, or the videos "
            "in dataset.train_videos and dataset.val_videos"
        )
    return {part: sorted(names) for part, names in found.items()}


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the row number, from 1, and the words of each row that is not empty."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: expected a UTF-8 text file ({error})") from error
    yield from ((row, line.split()) for row, line in enumerate(lines, 1) if line.strip())


def _video_of(entry: str, classes: Sequence[str], where: str) -> str:
    """Return "<Class>/<video>" for a row that names a video or the label file of one of its frames."""
    parts = list(PurePosixPath(entry.replace("\\", "/")).parts)
    if parts and parts[-1].endswith(".txt"):
        parts.pop()
    if len(parts) < 2 or parts[-2] not in classes:
        raise AnnotationError(
            f"{where}: expected <Class>/<video> or labels/<Class>/<video>/00001.txt with one of the {len(classes)} "
            f"classes, got {entry}"
        )
    return f"{parts[-2]}/{parts[-1].removesuffix('.avi')}"
