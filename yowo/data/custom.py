"""A data set of one's own: videos and one table of boxes, see `yowo.data.project`."""

import logging
from collections.abc import Sequence
from pathlib import Path

from yowo.data.importing.video_folder import VideoFolder
from yowo.data.key_frames import AnnotatedVideo, KeyFrames, Split
from yowo.data.preparing.manifest import annotated_size
from yowo.data.project import (
    FACTS,
    TABLE,
    VIDEO_FOLDER,
    check_layout,
    read_extents,
    readable_rows,
    several_at_once,
    split_names,
)
from yowo.data.table import Extent, TableRow, read_table
from yowo.data.video_lists import clip_backend, name_list, readable
from yowo.errors import AnnotationError, DatasetError

log = logging.getLogger(__name__)


class Custom:
    """The data set in a project folder."""

    def __init__(
        self,
        root: str,
        classes: Sequence[str],
        multi_label: bool = False,
        train_videos: str | Sequence[str] | None = None,
        val_videos: str | Sequence[str] | None = None,
        on_unreadable: str = "error",
    ) -> None:
        """Hold the arguments.

        Args:
            root: Folder of the project.
            classes: Names of the classes in the order of their numbers.
            multi_label: Whether a person may do several things at once; labels are multi-hot then.
            train_videos: Training videos: None (the project's split), "all", names, or a text file with one a line.
            val_videos: Held-out videos, likewise.
            on_unreadable: "error" or "skip" for videos that no reader opens.
        """
        self.root = Path(root)
        self.classes = tuple(classes)
        self.multi_label = multi_label
        self._chosen: dict[Split, str | Sequence[str] | None] = {"train": train_videos, "val": val_videos}
        self._on_unreadable = on_unreadable
        self._table: list[TableRow] | None = None
        self._videos: dict[Split, list[AnnotatedVideo]] = {}

    def prepare(self) -> None:
        """Check that table and videos are there.

        Raises:
            DatasetError: They are not.
        """
        check_layout(self.root)

    def videos(self, split: Split) -> list[AnnotatedVideo]:
        """Return the videos of `split`.

        Raises:
            DatasetError: None is left, or one cannot be read and `on_unreadable` is "error".
            AnnotationError: A row of the table cannot be.
        """
        if split not in self._videos:
            check_layout(self.root)
            folder = VideoFolder(self.root / VIDEO_FOLDER)
            names = self._names(split, folder)
            self._check_labels()
            infos = readable({name: str(folder.paths[name]) for name in names}, self._on_unreadable)
            counted = read_extents(self.root)
            extents = {
                name: Extent(
                    info.num_frames, counted[name].size if name in counted else annotated_size(folder.paths[name], info)
                )
                for name, info in infos.items()
            }
            tubes = read_table(self.root / TABLE, self.classes, extents, left_out=set(folder.paths) - set(infos))
            self._videos[split] = [
                AnnotatedVideo(
                    name,
                    str(folder.paths[name]),
                    info.num_frames,
                    extents[name].size,
                    tubes[name],
                    clip_backend(info),
                )
                for name, info in infos.items()
            ]
        return self._videos[split]

    def key_frames(self, split: Split) -> KeyFrames:
        """Return every annotated frame of `split` as a key frame."""
        found = KeyFrames.annotated(self.videos(split))
        return found.multi_hot(len(self.classes)) if self.multi_label else found

    def _rows(self) -> list[TableRow]:
        if self._table is None:
            self._table = readable_rows(self.root)
        return self._table

    def _names(self, split: Split, folder: VideoFolder) -> list[str]:
        """Return the names of a split's videos, sorted; each has a file."""
        chosen = name_list(self._chosen[split], f"dataset.{split}_videos", sorted(folder.paths))
        names = split_names(self.root, self._rows())[split] if chosen is None else chosen
        gone = [name for name in names if name not in folder.paths]
        if gone:
            raise DatasetError(
                f"{folder.folder}: {len(gone)} of {len(names)} {split} videos are not there, such as {gone[0]}; put "
                "them there or take them out of the split"
            )
        if not names:
            raise DatasetError(
                f"{self.root}: the {split} split has no video; annotate at least two videos, or name some in "
                f"splits/{split}.txt or dataset.{split}_videos"
            )
        return sorted(names)

    def _check_labels(self) -> None:
        if self.multi_label:
            return
        row = several_at_once(self._rows())
        if row is not None:
            raise AnnotationError(
                f"{self.root / TABLE}: {row.video}, frame {row.frame}, track {row.track} does several things at once; "
                f"set dataset.multi_label=true, or multi_label: true in {FACTS}"
            )
