"""A user's own data set: videos and one table of boxes, see `yowo.projects.project`."""

from collections.abc import Sequence
from typing import Any

from yowo.data.key_frames import AnnotatedVideo, KeyFrames, Split
from yowo.datasets.base import VideoDataset
from yowo.datasets.split_lists import name_list
from yowo.errors import AnnotationError, DatasetError
from yowo.projects.opened import OpenedProject, open_project
from yowo.projects.project import FACTS, TABLE, check_layout, several_at_once
from yowo.projects.table import Extent, tubes_of_rows
from yowo.video.prepared_size import annotated_size
from yowo.video.readable_videos import clip_backend, readable
from yowo.video.video_folder import VideoFolder


class Custom(VideoDataset):
    """The data set in a project folder."""

    def __init__(self, root: str, classes: Sequence[str], multi_label: bool = False, **options: Any) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            root: Folder of the project.
            classes: Names of the C classes, in the order of their 0-based numbers.
            multi_label: Whether a person may do several things at once; labels are then multi-hot.
            options: Further arguments of `VideoDataset`.
        """
        super().__init__(root, classes, **options)
        self.multi_label = multi_label

    def prepare(self) -> None:
        """Check that the table and the folder of videos exist.

        Raises:
            DatasetError: One of them is missing.
        """
        check_layout(self.root)

    def read_videos(self, split: Split) -> list[AnnotatedVideo]:
        """Find the videos of a split and their tubes.

        Raises:
            DatasetError: No video is left, or a video cannot be read and `on_unreadable` is "error".
            AnnotationError: A row of the table is invalid.
        """
        project = open_project(self.root)
        folder = project.folder
        paths = folder.paths
        names = self._names(split, project, folder)
        self._check_labels(project)
        infos = readable({name: str(paths[name]) for name in names}, self.on_unreadable, self.decoder)
        counted = project.extents
        extents = {
            name: Extent(info.num_frames, counted[name].size if name in counted else annotated_size(paths[name], info))
            for name, info in infos.items()
        }
        tubes = tubes_of_rows(
            project.numbered_rows, self.root / TABLE, self.classes, extents, left_out=set(paths) - set(infos)
        )
        return [
            AnnotatedVideo(name, str(paths[name]), info.num_frames, extents[name].size, tubes[name], clip_backend(info))
            for name, info in infos.items()
        ]

    def key_frames(self, split: Split) -> KeyFrames:
        """Return every annotated frame of `split` as a key frame; labels are uint8 [m, C] if `multi_label`."""
        found = super().key_frames(split)
        return found.multi_hot(len(self.classes)) if self.multi_label else found

    def _names(self, split: Split, project: OpenedProject, folder: VideoFolder) -> list[str]:
        """Return the names of a split's videos, sorted; raises DatasetError if one of them is missing."""
        paths = folder.paths
        chosen = name_list(self._chosen[split], f"dataset.{split}_videos", sorted(paths))
        names = project.split[split] if chosen is None else chosen
        gone = [name for name in names if name not in paths]
        if gone:
            raise DatasetError(
                f"{folder.folder}: {len(gone)} of {len(names)} {split} videos are missing, such as {gone[0]}; add them "
                "or remove them from the split"
            )
        if not names:
            raise DatasetError(
                f"{self.root}: the {split} split has no video; annotate at least two videos, or list some in "
                f"splits/{split}.txt or dataset.{split}_videos"
            )
        return sorted(names)

    def _check_labels(self, project: OpenedProject) -> None:
        if self.multi_label:
            return
        row = several_at_once(project.rows)
        if row is not None:
            raise AnnotationError(
                f"{self.root / TABLE}: {row.video}, frame {row.frame}, track {row.track}: expected one label per box, "
                f"got several; set dataset.multi_label=true, or multi_label: true in {FACTS}"
            )
