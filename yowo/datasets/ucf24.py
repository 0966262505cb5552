"""UCF101-24: 24 sports of UCF101 with the corrected annotation (`finalAnnots.mat`, Singh et al. 2017).

Two folder layouts are supported and detected automatically. The original distribution:

    UCF-101/<Class>/<video>.avi          videos
    finalAnnots.mat, testlist01.txt      annotation of 3,194 videos; names of the 910 test videos of split 1

The archive of the YOWO authors, see `yowo.datasets.ucf24_frames`:

    rgb-images/<Class>/<video>/00001.jpg
"""

import logging
from functools import cached_property

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo, KeyFrames, Split
from yowo.datasets.base import VideoDataset
from yowo.datasets.split_lists import name_list
from yowo.datasets.ucf24_annotation import SIZE, read_annotation
from yowo.datasets.ucf24_frames import FrameArchive
from yowo.errors import DatasetError
from yowo.video.readable_videos import SUFFIXES, readable

log = logging.getLogger(__name__)

VIDEO_FOLDER, ANNOTATION, TEST_LIST = "UCF-101", "finalAnnots.mat", "testlist01.txt"


class UCF24(VideoDataset):
    """UCF101-24; `classes` are its 24 classes in alphabetical order."""

    def prepare(self) -> None:
        """Check that the root folder has one of the two layouts.

        Raises:
            DatasetError: The folder has neither layout.
        """
        if self._archive() is None:
            self._require(VIDEO_FOLDER, ANNOTATION)

    def read_videos(self, split: Split) -> list[AnnotatedVideo]:
        """Find the videos of a split and their tubes.

        Raises:
            DatasetError: No video is left, or a video cannot be read and `on_unreadable` is "error".
        """
        archive, tubes = self._archive(), self._annotation
        if archive is not None:
            return archive.videos(archive.names(split, self._chosen[split]), tubes)
        return self._files(split, self._names(split, tubes), tubes)

    def key_frames(self, split: Split) -> KeyFrames:
        """Return every annotated frame of `split` as a key frame; with the authors' archive, the frames in its list."""
        archive = self._archive()
        if archive is not None:
            return archive.key_frames(split, self._chosen[split])
        return super().key_frames(split)

    def _archive(self) -> FrameArchive | None:
        found = (self.root / "rgb-images").is_dir()
        return FrameArchive(self.root, self.classes, SIZE) if found else None

    def _require(self, *names: str) -> None:
        missing = [name for name in names if not (self.root / name).exists()]
        if missing:
            raise DatasetError(
                f"dataset.root={self.root}: expected {VIDEO_FOLDER}/<Class>/<video>.avi with {ANNOTATION} and "
                f"{TEST_LIST}, or rgb-images/ with labels/ and lists; missing: {', '.join(missing)}"
            )

    @cached_property
    def _annotation(self) -> dict[str, tuple[Tube, ...]]:
        """The tubes of each annotated video; empty if the archive does not include `finalAnnots.mat`."""
        paths = (self.root / ANNOTATION, self.root / "splitfiles" / ANNOTATION)
        path = next((path for path in paths if path.exists()), None)
        return {} if path is None else read_annotation(path)

    def _names(self, split: Split, tubes: dict[str, tuple[Tube, ...]]) -> list[str]:
        """Return the names of a split's videos, sorted."""
        chosen = name_list(self._chosen[split], f"dataset.{split}_videos", sorted(tubes))
        if chosen is not None:
            return chosen
        path = self.root / TEST_LIST
        if not path.exists():
            self._require(TEST_LIST)
        listed = set(name_list(str(path), TEST_LIST, sorted(tubes), strict=False) or [])
        return [name for name in sorted(tubes) if (name in listed) == (split == "val")]

    def _files(self, split: Split, names: list[str], tubes: dict[str, tuple[Tube, ...]]) -> list[AnnotatedVideo]:
        """Find and probe the video files of a split."""
        self._require(VIDEO_FOLDER, ANNOTATION)
        folder = self.root / VIDEO_FOLDER
        on_disk = {
            f"{path.parent.name}/{path.stem}": path
            for path in sorted(folder.glob("*/*"))
            if path.suffix.lower() in SUFFIXES
        }
        paths = {name: on_disk[name] for name in names if name in on_disk}
        if not paths:
            raise DatasetError(
                f"{folder}: none of the {len(names)} annotated {split} videos was found; check dataset.root"
            )
        if len(paths) < len(names):
            log.warning("%s: %d of %d %s videos are missing", folder, len(names) - len(paths), len(names), split)
        infos = readable({name: str(path) for name, path in paths.items()}, self.on_unreadable, self.decoder)
        return [
            AnnotatedVideo(name, str(paths[name]), info.num_frames, SIZE, tubes.get(name, ()), info.backend)
            for name, info in infos.items()
        ]
