"""A project: the folder with a user's own data set; reading and writing its files.

    videos/                      video files or folders of pictures, also in subfolders
    annotations.csv              all boxes, see `yowo.projects.table`
    dataset.yaml                 classes, multi_label, anchors; missing values are derived from the table
    splits/train.txt, val.txt    video names, one per line; without these files a fifth of the boxes is held out
    videos.csv                   video,frames,width,height: the length and size that the table refers to

Only the first two are required. The name of a video is its path relative to `videos/` without the file extension.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from yowo.boxes.anchor_clusters import cluster_anchors
from yowo.data.key_frames import Split
from yowo.errors import AnnotationError, DatasetError
from yowo.projects.split_choice import choose_held_out
from yowo.projects.table import Extent, TableRow, text_lines
from yowo.video.file_names import spelled

TABLE, FACTS, VIDEO_TABLE = "annotations.csv", "dataset.yaml", "videos.csv"
VIDEO_FOLDER, SPLIT_FOLDER = "videos", "splits"
ANCHORS = 5
"""Default number of anchors."""
SPLITS: tuple[Split, ...] = ("train", "val")
EXTENT_COLUMNS = ("video", "frames", "width", "height")
HEADER = """# classes: in the order of their numbers
# multi_label: whether a person may do several things at once
# anchors: widths and heights as fractions of the picture; `yowo data anchors` computes them again
"""


class Facts(NamedTuple):
    """The contents of `dataset.yaml`; a value that the file does not give is None.

    Attributes:
        classes: Names of the C classes, in the order of their 0-based numbers.
        multi_label: Whether a person may do several things at once.
        anchors: Width and height of each anchor as fractions of the picture.
    """

    classes: tuple[str, ...] | None = None
    multi_label: bool | None = None
    anchors: list[list[float]] | None = None


def check_layout(root: Path) -> None:
    """Check that a folder has the required files of a project.

    Raises:
        DatasetError: The table or the folder of videos is missing.
    """
    missing = [name for name in (TABLE, VIDEO_FOLDER) if not (root / name).exists()]
    if missing:
        raise DatasetError(
            f"dataset.root={root}: expected {TABLE} and {VIDEO_FOLDER}/, as created by yowo data import; missing: "
            f"{', '.join(missing)}"
        )


def read_facts(root: Path) -> Facts:
    """Read `dataset.yaml` of a project folder; all values are None if the file does not exist.

    Raises:
        AnnotationError: The file is not YAML, or a key or value is invalid.
    """
    path = root / FACTS
    if not path.is_file():
        return Facts()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: expected YAML: {' '.join(str(error).split())}") from error
    if content is None:
        return Facts()
    unknown = sorted(str(k) for k in set(content) - set(Facts._fields)) if isinstance(content, dict) else ["no keys"]
    if unknown:
        raise AnnotationError(f"{path}: expected the keys {', '.join(Facts._fields)}, got {', '.join(unknown)}")
    classes, multi_label, anchors = (content.get(name) for name in Facts._fields)
    if classes is not None:
        classes = _classes(classes, path)
    if multi_label not in (None, True, False):
        raise AnnotationError(f"{path}: multi_label: expected true or false, got {multi_label!r}")
    return Facts(classes, multi_label, None if anchors is None else _anchors(anchors, path))


def _classes(value: object, path: Path) -> tuple[str, ...]:
    names = [str(name) for name in value] if isinstance(value, list) else []
    twice = [name for name, count in Counter(names).items() if count > 1]
    if not names or twice:
        raise AnnotationError(f"{path}: classes: expected a list of unique names, got {twice or value!r}")
    return tuple(names)


def _anchors(value: object, path: Path) -> list[list[float]]:
    try:
        pairs = np.array(value, dtype=np.float64)
    except (ValueError, TypeError):
        pairs = np.zeros(0)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not ((pairs > 0) & (pairs <= 1)).all():
        raise AnnotationError(
            f"{path}: anchors: expected pairs of fractions greater than 0 and at most 1, got {value!r}"
        )
    return [[float(w), float(h)] for w, h in pairs]


def write_facts(path: Path, facts: Facts) -> None:
    """Write `dataset.yaml`; values that are None are omitted."""
    lines = [HEADER]
    if facts.classes is not None:
        lines.append(yaml.safe_dump({"classes": list(facts.classes)}, allow_unicode=True, sort_keys=False))
    if facts.multi_label is not None:
        lines.append(f"multi_label: {str(facts.multi_label).lower()}\n")
    if facts.anchors is not None:
        pairs = ", ".join(f"[{w:.4f}, {h:.4f}]" for w, h in facts.anchors)
        lines.append(f"anchors: [{pairs}]\n")
    path.write_text("".join(lines), encoding="utf-8")


def classes_of(rows: Iterable[TableRow]) -> tuple[str, ...]:
    """Return the distinct labels of rows, in alphabetical order."""
    return tuple(sorted({row.label for row in rows}))


def several_at_once(rows: Iterable[TableRow]) -> TableRow | None:
    """Return the first row whose box has a second label on the same frame; None if every person has one label."""
    label_of: dict[tuple[object, ...], str] = {}
    for row in rows:
        if label_of.setdefault((row.video, row.frame, row.box), row.label) != row.label:
            return row
    return None


def box_sizes(rows: Sequence[TableRow], extents: Mapping[str, Extent]) -> NDArray[np.float64]:
    """Return the sizes of the boxes, clipped to the picture; equal boxes on a frame count once.

    Args:
        rows: Rows with boxes in pixels.
        extents: Length and size of the videos; rows of other videos are ignored.

    Returns:
        float64 [N, 2], width and height as fractions of the picture, both above 0.
    """
    once = dict.fromkeys((row.video, row.frame, row.box) for row in rows if row.video in extents)
    if not once:
        return np.zeros((0, 2))
    boxes = np.array([box for _, _, box in once])
    scale = np.array([extents[video].size for video, _, _ in once], dtype=np.float64)
    low, high = np.maximum(boxes[:, :2], 0), np.minimum(boxes[:, 2:], scale)
    sizes = (high - low) / scale
    return np.asarray(sizes[(sizes > 0).all(axis=1)])


def find_anchors(sizes: NDArray[np.float64], count: int = ANCHORS, seed: int = 0) -> list[list[float]]:
    """Cluster box sizes into anchors, see `yowo.boxes.anchor_clusters`.

    Args:
        sizes: float64 [N, 2], width and height as fractions of the picture.
        count: Number of anchors.
        seed: Random seed of the clustering.

    Returns:
        Width and height of each anchor as fractions of the picture, rounded to four decimals, as in `Facts`.
    """
    return [[round(float(w), 4), round(float(h), 4)] for w, h in cluster_anchors(sizes, count, seed)]


def read_extents(root: Path) -> dict[str, Extent]:
    """Read `videos.csv` of a project folder, by video name; empty if the file does not exist.

    Raises:
        AnnotationError: A row is invalid; the message names file and row.
    """
    path = root / VIDEO_TABLE
    if not path.is_file():
        return {}
    found = {}
    for number, row in enumerate(csv.DictReader(text_lines(path)), 2):
        try:
            name, frames, width, height = (str(row[column]) for column in EXTENT_COLUMNS)
            name = spelled(name)
            found[name] = Extent(int(frames), (int(width), int(height)))
        except (KeyError, ValueError):
            raise AnnotationError(
                f"{path}, row {number}: expected {','.join(EXTENT_COLUMNS)} with whole numbers, got {row}"
            ) from None
        if min(found[name].num_frames, *found[name].size) < 1:
            raise AnnotationError(
                f"{path}, row {number}: expected frames, width and height of at least 1, got {found[name]}"
            )
    return found


def write_extents(path: Path, extents: Mapping[str, Extent]) -> None:
    """Write `videos.csv` with the length and size of each video."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(EXTENT_COLUMNS)
        writer.writerows([name, extent.num_frames, *extent.size] for name, extent in extents.items())


def read_split(root: Path, split: Split) -> list[str] | None:
    """Return the video names in a split's file, in file order; None if the file does not exist.

    Raises:
        AnnotationError: The file is not UTF-8 text.
    """
    path = root / SPLIT_FOLDER / f"{split}.txt"
    if not path.is_file():
        return None
    return [spelled(line.strip()) for line in text_lines(path) if line.strip()]


def split_names(root: Path, rows: Iterable[TableRow]) -> dict[Split, list[str]]:
    """Return the video names of each split, from the files in `splits/`; without them a fifth of the boxes is held out.

    Raises:
        DatasetError: Only one of the two split files exists.
    """
    train, val = (read_split(root, split) for split in SPLITS)
    if train is not None and val is not None:
        return {"train": train, "val": val}
    if train is not None or val is not None:
        there, gone = ("train", "val") if val is None else ("val", "train")
        raise DatasetError(
            f"{root / SPLIT_FOLDER}: {there}.txt exists but {gone}.txt is missing; create it, or remove {there}.txt to "
            "have the split chosen automatically"
        )
    return choose_split(rows)


def choose_split(rows: Iterable[TableRow], share: float | None = None, seed: int = 0) -> dict[Split, list[str]]:
    """Split the videos of rows into training and validation videos, see `choose_held_out`.

    Args:
        rows: Rows of the table.
        share: Share of the boxes to hold out for validation, 0..1; None for a fifth.
        seed: Random seed that breaks ties.
    """
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(row.video, Counter())[row.label] += 1
    held = choose_held_out(counts, seed=seed) if share is None else choose_held_out(counts, share, seed)
    return {"train": sorted(set(counts) - set(held)), "val": held}
