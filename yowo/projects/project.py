"""A project: the folder in which a data set of one's own lives, and what can be known about it before training.

    videos/                      video files or folders of numbered pictures, at any depth
    annotations.csv              every box, see `yowo.projects.table`
    dataset.yaml                 classes, multi_label, anchors; what is not in it is found out from the table
    splits/train.txt, val.txt    names of the videos, one a line; where there are none, a fifth is held out
    videos.csv                   video,frames,width,height that frames and boxes of the table are counted in

Only the first two have to be there. A video is called by its path below `videos/` without the ending.
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

TABLE, FACTS, VIDEO_TABLE = "annotations.csv", "dataset.yaml", "videos.csv"
VIDEO_FOLDER, SPLIT_FOLDER = "videos", "splits"
ANCHORS = 5
SPLITS: tuple[Split, ...] = ("train", "val")
EXTENT_COLUMNS = ("video", "frames", "width", "height")
HEADER = """# classes: in the order of their numbers
# multi_label: whether a person may do several things at once
# anchors: widths and heights as fractions of the picture; `yowo data anchors` finds them anew
"""


class Facts(NamedTuple):
    """What `dataset.yaml` says.

    Attributes:
        classes: Names of the C classes; None where it does not say.
        multi_label: Whether a person may do several things at once; None likewise.
        anchors: Widths and heights as fractions of the picture; None likewise.
    """

    classes: tuple[str, ...] | None = None
    multi_label: bool | None = None
    anchors: list[list[float]] | None = None


def check_layout(root: Path) -> None:
    """Check that a folder may be a project.

    Raises:
        DatasetError: The table or the videos are not there.
    """
    missing = [name for name in (TABLE, VIDEO_FOLDER) if not (root / name).exists()]
    if missing:
        raise DatasetError(
            f"dataset.root={root}: expected {TABLE} and {VIDEO_FOLDER}/, as yowo data import makes them; not there: "
            f"{', '.join(missing)}"
        )


def read_facts(root: Path) -> Facts:
    """Read `dataset.yaml`; nothing is known where there is none.

    Raises:
        AnnotationError: A value in it cannot be.
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
        raise AnnotationError(f"{path}: classes: expected a list of different names, got {twice or value!r}")
    return tuple(names)


def _anchors(value: object, path: Path) -> list[list[float]]:
    try:
        pairs = np.array(value, dtype=np.float64)
    except (ValueError, TypeError):
        pairs = np.zeros(0)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not ((pairs > 0) & (pairs <= 1)).all():
        raise AnnotationError(f"{path}: anchors: expected pairs of fractions above 0 up to 1, got {value!r}")
    return [[float(w), float(h)] for w, h in pairs]


def write_facts(path: Path, facts: Facts) -> None:
    """Write `dataset.yaml`, what is None left out."""
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
    """Return the labels of rows, in alphabetical order."""
    return tuple(sorted({row.label for row in rows}))


def several_at_once(rows: Iterable[TableRow]) -> TableRow | None:
    """Return a row whose box, on its frame, has another label as well; None where all do one thing at a time."""
    label_of: dict[tuple[object, ...], str] = {}
    for row in rows:
        if label_of.setdefault((row.video, row.frame, row.box), row.label) != row.label:
            return row
    return None


def box_sizes(rows: Sequence[TableRow], extents: Mapping[str, Extent]) -> NDArray[np.float64]:
    """Return width and height of the boxes as fractions of the picture, float64 [N, 2]; one a person and frame."""
    once = dict.fromkeys((row.video, row.frame, row.box) for row in rows if row.video in extents)
    if not once:
        return np.zeros((0, 2))
    boxes = np.array([box for _, _, box in once])
    scale = np.array([extents[video].size for video, _, _ in once], dtype=np.float64)
    low, high = np.maximum(boxes[:, :2], 0), np.minimum(boxes[:, 2:], scale)
    sizes = (high - low) / scale
    return np.asarray(sizes[(sizes > 0).all(axis=1)])


def find_anchors(sizes: NDArray[np.float64], count: int = ANCHORS, seed: int = 0) -> list[list[float]]:
    """Return anchors for boxes [N, 2] as `Facts` holds them."""
    return [[round(float(w), 4), round(float(h), 4)] for w, h in cluster_anchors(sizes, count, seed)]


def read_extents(root: Path) -> dict[str, Extent]:
    """Read `videos.csv`; empty where there is none.

    Raises:
        AnnotationError: A row in it cannot be.
    """
    path = root / VIDEO_TABLE
    if not path.is_file():
        return {}
    found = {}
    for number, row in enumerate(csv.DictReader(text_lines(path)), 2):
        try:
            name, frames, width, height = (str(row[column]) for column in EXTENT_COLUMNS)
            found[name] = Extent(int(frames), (int(width), int(height)))
        except (KeyError, ValueError):
            raise AnnotationError(
                f"{path}, row {number}: expected {','.join(EXTENT_COLUMNS)} with whole numbers, got {row}"
            ) from None
        if min(found[name].num_frames, *found[name].size) < 1:
            raise AnnotationError(f"{path}, row {number}: expected numbers of at least 1, got {found[name]}")
    return found


def write_extents(path: Path, extents: Mapping[str, Extent]) -> None:
    """Write `videos.csv`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(EXTENT_COLUMNS)
        writer.writerows([name, extent.num_frames, *extent.size] for name, extent in extents.items())


def read_split(root: Path, split: Split) -> list[str] | None:
    """Return the names in a split's file, in its order; None where there is none.

    Raises:
        AnnotationError: It is no text.
    """
    path = root / SPLIT_FOLDER / f"{split}.txt"
    if not path.is_file():
        return None
    return [line.strip() for line in text_lines(path) if line.strip()]


def split_names(root: Path, rows: Iterable[TableRow]) -> dict[Split, list[str]]:
    """Return the videos of each split: of the files in `splits/`, else with a fifth of the boxes held out.

    Raises:
        DatasetError: There is a file for one split and none for the other.
    """
    train, val = (read_split(root, split) for split in SPLITS)
    if train is not None and val is not None:
        return {"train": train, "val": val}
    if train is not None or val is not None:
        there, gone = ("train", "val") if val is None else ("val", "train")
        raise DatasetError(
            f"{root / SPLIT_FOLDER}: has {there}.txt and no {gone}.txt; write it, or remove both to have a split chosen"
        )
    return choose_split(rows)


def choose_split(rows: Iterable[TableRow], share: float | None = None, seed: int = 0) -> dict[Split, list[str]]:
    """Hold out videos, see `choose_held_out`; without `share` a fifth of the boxes."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        counts.setdefault(row.video, Counter())[row.label] += 1
    held = choose_held_out(counts, seed=seed) if share is None else choose_held_out(counts, share, seed)
    return {"train": sorted(set(counts) - set(held)), "val": held}
