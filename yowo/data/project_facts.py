"""Classes, labels and anchors of a project folder: those that it names, else those that its table shows."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yowo.data.importing.video_folder import VideoFolder
from yowo.data.preparing.manifest import annotated_size
from yowo.data.project import (
    FACTS,
    TABLE,
    VIDEO_FOLDER,
    VIDEO_TABLE,
    Facts,
    box_sizes,
    check_layout,
    classes_of,
    find_anchors,
    read_extents,
    read_facts,
    readable_rows,
    several_at_once,
)
from yowo.data.table import Extent, TableRow
from yowo.data.video_lists import readable
from yowo.errors import DatasetError


def project_facts(root: Path) -> Facts:
    """Return classes, labels and anchors of a project: those of its `dataset.yaml`, else those of its table.

    Raises:
        DatasetError: The folder is no project, or no box is in it.
        AnnotationError: Its files are damaged.
    """
    check_layout(root)
    files = [root / TABLE, root / FACTS, root / VIDEO_TABLE]
    return _facts(root.resolve(), tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files))


@lru_cache(maxsize=8)
def _facts(root: Path, _changed: tuple[int, ...]) -> Facts:
    """Find the facts out, once for each state of the files: a sweep composes many configurations."""
    said = read_facts(root)
    if None not in said:
        return said
    rows = readable_rows(root)
    classes = classes_of(rows) if said.classes is None else said.classes
    if not classes:
        raise DatasetError(f"{root / TABLE}: has no row; annotate something")
    multi_label = several_at_once(rows) is not None if said.multi_label is None else said.multi_label
    anchors = said.anchors or find_anchors(_sizes(root, rows))
    return Facts(tuple(classes), multi_label, anchors)


def project_boxes(root: Path) -> NDArray[np.float64]:
    """Return width and height of a project's boxes as fractions of the picture, float64 [N, 2]; one a person and frame.

    Raises:
        DatasetError: The folder is no project, or no box is in it.
        AnnotationError: Its files are damaged.
    """
    check_layout(root)
    return _sizes(root, readable_rows(root))


def _sizes(root: Path, rows: Sequence[TableRow]) -> NDArray[np.float64]:
    extents = read_extents(root)
    unknown = {row.video for row in rows} - set(extents)
    if unknown:
        paths = {name: str(p) for name, p in VideoFolder(root / VIDEO_FOLDER).paths.items() if name in unknown}
        infos = readable(paths, "skip") if paths else {}
        extents |= {name: Extent(info.num_frames, annotated_size(paths[name], info)) for name, info in infos.items()}
    sizes = box_sizes(rows, extents)
    if not len(sizes):
        raise DatasetError(f"{root / TABLE}: no row has a box inside its video; yowo data check {root} says why")
    return sizes
