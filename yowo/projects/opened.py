"""A project folder whose files are read once: its table, what it says of itself, and what can be found out about it."""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yowo.data.key_frames import Split
from yowo.errors import AnnotationError, DatasetError
from yowo.projects.project import (
    FACTS,
    SPLIT_FOLDER,
    SPLITS,
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
    several_at_once,
    split_names,
)
from yowo.projects.table import Extent, TableRow, table_rows
from yowo.video.prepared_size import annotated_size
from yowo.video.readable_videos import readable
from yowo.video.video_folder import VideoFolder


class OpenedProject:
    """A project as its files say it is; each property is found out when it is first asked for.

    Every property raises AnnotationError where a file that it needs is damaged.
    """

    def __init__(self, root: Path) -> None:
        """Take the folder; nothing is read yet."""
        self.root = root

    @cached_property
    def numbered_rows(self) -> list[tuple[int, TableRow | AnnotationError]]:
        """The rows of the table with their lines, or what is wrong with a row."""
        return list(table_rows(self.root / TABLE))

    @cached_property
    def rows(self) -> list[TableRow]:
        """The rows of the table; AnnotationError where one cannot be taken apart."""
        rows = []
        for _, row in self.numbered_rows:
            if isinstance(row, AnnotationError):
                raise row
            rows.append(row)
        return rows

    @property
    def folder(self) -> VideoFolder:
        """The videos as they are now."""
        return VideoFolder(self.root / VIDEO_FOLDER)

    @cached_property
    def extents(self) -> dict[str, Extent]:
        """Length and size of the videos that `videos.csv` lists."""
        return read_extents(self.root)

    @cached_property
    def split(self) -> dict[Split, list[str]]:
        """The videos of each split: of the files in `splits/`, else with a fifth of the boxes held out."""
        return split_names(self.root, self.rows)

    @cached_property
    def facts(self) -> Facts:
        """Classes, labels and anchors: those of `dataset.yaml`, else those that the table shows.

        DatasetError where no box is in the table.
        """
        said = read_facts(self.root)
        if None not in said:
            return said
        classes = classes_of(self.rows) if said.classes is None else said.classes
        if not classes:
            raise DatasetError(f"{self.root / TABLE}: has no row; annotate something")
        multi_label = several_at_once(self.rows) is not None if said.multi_label is None else said.multi_label
        return Facts(tuple(classes), multi_label, said.anchors or find_anchors(self.box_sizes))

    @cached_property
    def box_sizes(self) -> NDArray[np.float64]:
        """Width and height of the boxes as fractions of the picture, float64 [N, 2]; one a person and frame.

        DatasetError where no box lies inside its video.
        """
        sizes = box_sizes(self.rows, self._extents_of(self.rows))
        if not len(sizes):
            raise DatasetError(
                f"{self.root / TABLE}: no row has a box inside its video; yowo data check {self.root} says why"
            )
        return sizes

    def _extents_of(self, rows: Sequence[TableRow]) -> dict[str, Extent]:
        """Return length and size of the videos of rows; those that `videos.csv` does not list are opened."""
        unknown = {row.video for row in rows} - set(self.extents)
        if not unknown:
            return self.extents
        paths = {name: str(path) for name, path in self.folder.paths.items() if name in unknown}
        infos = readable(paths, "skip", "pyav") if paths else {}  # sizes are the same with any decoder
        sizes = {name: Extent(info.num_frames, annotated_size(paths[name], info)) for name, info in infos.items()}
        return self.extents | sizes


def open_project(root: Path) -> OpenedProject:
    """Return a project; what was read stays for the life of the process as long as its files do not change.

    Raises:
        DatasetError: The folder is no project.
    """
    check_layout(root)
    files = [root / name for name in (TABLE, FACTS, VIDEO_TABLE)]
    files += [root / SPLIT_FOLDER / f"{split}.txt" for split in SPLITS]
    return _opened(root, tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files))


@lru_cache(maxsize=2)
def _opened(root: Path, changed: tuple[int, ...]) -> OpenedProject:
    """Keep a project; the times at which its files were changed tell the versions apart."""
    return OpenedProject(root)
