"""Classes, labels and anchors of a project folder: those that it names, else those that its table shows."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from yowo.data.importing.video_folder import VideoFolder
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
from yowo.data.table import Extent
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
    anchors = said.anchors
    if anchors is None:
        extents = read_extents(root)
        named = {row.video for row in rows}
        if named - set(extents):
            paths = {n: str(p) for n, p in VideoFolder(root / VIDEO_FOLDER).paths.items() if n in named - set(extents)}
            infos: dict[str, Any] = readable(paths, "skip") if paths else {}
            extents |= {name: Extent(i.num_frames, (i.width, i.height)) for name, i in infos.items()}
        sizes = box_sizes(rows, extents)
        if not len(sizes):
            raise DatasetError(f"{root / TABLE}: no row has a box inside its video; yowo data check {root} says why")
        anchors = find_anchors(sizes)
    return Facts(tuple(classes), multi_label, anchors)
