"""A project folder whose files are read only once: its table, its settings, and what is derived from them."""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yowo.data.key_frames import Split
from yowo.errors import AnnotationError, DatasetError
from yowo.projects.people import People, people_of
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
    """The contents of a project folder; each property is computed on first access.

    Every property raises AnnotationError if a file that it needs is damaged.
    """

    def __init__(self, root: Path) -> None:
        """Store the folder; nothing is read yet."""
        self.root = root

    @cached_property
    def numbered_rows(self) -> list[tuple[int, TableRow | AnnotationError]]:
        """Line number in the file, from 1, and row of each line of the table; an AnnotationError for invalid rows."""
        return list(table_rows(self.root / TABLE))

    @cached_property
    def rows(self) -> list[TableRow]:
        """The rows of the table; raises the AnnotationError of the first row that cannot be parsed."""
        rows = []
        for _, row in self.numbered_rows:
            if isinstance(row, AnnotationError):
                raise row
            rows.append(row)
        return rows

    @property
    def folder(self) -> VideoFolder:
        """The videos that are currently in the folder."""
        return VideoFolder(self.root / VIDEO_FOLDER)

    @cached_property
    def extents(self) -> dict[str, Extent]:
        """Length and size of the videos that are listed in `videos.csv`."""
        return read_extents(self.root)

    @cached_property
    def split(self) -> dict[Split, list[str]]:
        """Video names of each split, from the files in `splits/`; without them a fifth of the boxes is held out."""
        return split_names(self.root, self.rows)

    @cached_property
    def facts(self) -> Facts:
        """Classes, multi-label mode and anchors from `dataset.yaml`; missing values are derived from the table.

        Raises DatasetError if the table has no row.
        """
        stated = read_facts(self.root)
        if None not in stated:
            return stated
        classes = classes_of(self.rows) if stated.classes is None else stated.classes
        if not classes:
            raise DatasetError(f"{self.root / TABLE}: expected at least one row, got none; annotate a video")
        multi_label = several_at_once(self.rows) is not None if stated.multi_label is None else stated.multi_label
        return Facts(tuple(classes), multi_label, stated.anchors or find_anchors(self.box_sizes))

    @cached_property
    def box_sizes(self) -> NDArray[np.float64]:
        """Width and height of the boxes as fractions of the picture, float64 [N, 2]; one per person and frame.

        Raises DatasetError if no box lies inside its video.
        """
        sizes = box_sizes(self.rows, self._extents_of(self.rows))
        if not len(sizes):
            raise self._without_boxes()
        return sizes

    @cached_property
    def people(self) -> People:
        """The people of each frame, each once.

        Raises DatasetError if no box lies inside its video.
        """
        people = people_of(self.rows, self._extents_of(self.rows))
        if not len(people.frames):
            raise self._without_boxes()
        return people

    def _without_boxes(self) -> DatasetError:
        return DatasetError(
            f"{self.root / TABLE}: no row has a box inside its video; run yowo data check {self.root} to see why"
        )

    def _extents_of(self, rows: Sequence[TableRow]) -> dict[str, Extent]:
        """Return length and size of the videos in `rows`; videos that are not listed in `videos.csv` are probed."""
        unknown = {row.video for row in rows} - set(self.extents)
        if not unknown:
            return self.extents
        paths = {name: str(path) for name, path in self.folder.paths.items() if name in unknown}
        infos = readable(paths, "skip", "pyav") if paths else {}  # sizes are the same with any decoder
        sizes = {name: Extent(info.num_frames, annotated_size(paths[name], info)) for name, info in infos.items()}
        return self.extents | sizes


def open_project(root: Path) -> OpenedProject:
    """Open a project; repeated calls return the same cached object as long as the project's files do not change.

    Args:
        root: Folder of the project.

    Raises:
        DatasetError: `annotations.csv` or `videos/` is missing.

    Examples:
        >>> import tempfile
        >>> from yowo.projects.table import write_table
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     (Path(folder) / "videos").mkdir()
        ...     write_table(Path(folder) / "annotations.csv", [TableRow("clip", 0, (10, 20, 50, 80), "run", "0")])
        ...     project = open_project(Path(folder))
        ...     print(project.rows[0].label, open_project(Path(folder)) is project)
        run True
    """
    check_layout(root)
    files = [root / name for name in (TABLE, FACTS, VIDEO_TABLE)]
    files += [root / SPLIT_FOLDER / f"{split}.txt" for split in SPLITS]
    return _opened(root, tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files))


@lru_cache(maxsize=2)
def _opened(root: Path, changed: tuple[int, ...]) -> OpenedProject:
    """Return the cached project; `changed` has the files' modification times, so a change gives a new object."""
    return OpenedProject(root)
