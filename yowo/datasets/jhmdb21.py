"""JHMDB-21: 928 short clips of 21 everyday actions with masks of the actors (Jhuang et al. 2013).

The layout is detected automatically. Pictures, or else videos:

    Rename_Images/<Class>/<video>/00001.png     or in Frames/ or rgb-images/
    ReCompress_Videos/<Class>/<video>.avi

Boxes, from the first of these that exists:

    puppet_mask/<Class>/<video>/puppet_mask.mat       the tight box of each frame's mask
    labels/<Class>/<video>/00001.txt                  rows: class (from 1) x1 y1 x2 y2 in pixels of 320 x 240
    groundtruths_jhmdb/ or groundtruths_jhmdb.zip     text files <Class>_<video>_00001.txt with the same rows

Splits:

    splits/<Class>_test_split1.txt                    or trainlist.txt and testlist.txt
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo, KeyFrames, Split
from yowo.datasets.base import VideoDataset
from yowo.datasets.jhmdb21_annotation import read_masks, split_names
from yowo.datasets.picture_numbers import PictureNumbers
from yowo.datasets.split_lists import name_list
from yowo.datasets.text_boxes import read_label_files, read_text_tubes
from yowo.datasets.ucf24_frames import LISTS, FrameArchive
from yowo.errors import ConfigError, DatasetError
from yowo.video.readable_videos import SUFFIXES, readable

log = logging.getLogger(__name__)

SIZE = (320, 240)
"""Width and height in pixels that the protocol and the boxes in text files refer to."""
PICTURE_FOLDERS = ("Rename_Images", "Frames", "rgb-images")
VIDEO_FOLDERS = ("ReCompress_Videos", "videos")
TEXT = ("groundtruths_jhmdb", "groundtruths_jhmdb.zip")
LAYOUT = (
    "expected Rename_Images/<Class>/<video>/00001.png (or Frames/ or rgb-images/) or "
    "ReCompress_Videos/<Class>/<video>.avi, with puppet_mask/, labels/ or groundtruths_jhmdb.zip, and splits/ or "
    "trainlist.txt and testlist.txt"
)


class JHMDB21(VideoDataset):
    """JHMDB-21 from its original files or from the YOWO authors' archive."""

    def __init__(self, root: str, classes: Sequence[str], split: int = 1, **options: Any) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            root: Folder with the layout above.
            classes: Names of the 21 classes, in alphabetical order.
            split: Number of the split, 1 to 3.
            options: Further arguments of `VideoDataset`.

        Raises:
            ConfigError: The split is not 1, 2 or 3.
        """
        super().__init__(root, classes, **options)
        if split not in (1, 2, 3):
            raise ConfigError(f"dataset.split: expected 1, 2 or 3, got {split!r}")
        self.split = split

    def prepare(self) -> None:
        """Check that pictures or videos, and boxes, exist.

        Raises:
            DatasetError: Pictures and videos, or boxes, are missing.
        """
        boxes = ("puppet_mask", "labels", *TEXT)
        for wanted in ((*PICTURE_FOLDERS, *VIDEO_FOLDERS), boxes):
            if self._first(wanted) is None:
                raise DatasetError(f"dataset.root={self.root}: {LAYOUT}; missing: {' or '.join(wanted)}")

    def read_videos(self, split: Split) -> list[AnnotatedVideo]:
        """Find the annotated videos of a split and their tubes.

        Raises:
            DatasetError: No video is left, or a video cannot be read and `on_unreadable` is "error".
            AnnotationError: A file with boxes or a split file is damaged.
        """
        archive = self._archive(split)
        names = self._names(split) if archive is None else archive.names(split, self._chosen[split])
        tubes = self._tubes(names)
        if not tubes:
            raise DatasetError(f"{self.root}: none of the {len(names)} {split} videos has boxes; {LAYOUT}")
        if archive is not None:
            return [_cut_off(video) for video in archive.videos(names, tubes)]
        return [_cut_off(video) for video in self._media(split, sorted(tubes), tubes)]

    def key_frames(self, split: Split) -> KeyFrames:
        """Return every annotated frame of `split` as a key frame; with the authors' archive, the frames in its list."""
        archive = self._archive(split)
        if archive is not None:
            return archive.key_frames(split, self._chosen[split])
        return super().key_frames(split)

    def _archive(self, split: Split) -> FrameArchive | None:
        """Return the authors' archive (pictures, label files and lists of label files); None for another layout."""
        path = self.root / LISTS[split]
        if not ((self.root / "rgb-images").is_dir() and (self.root / "labels").is_dir() and path.is_file()):
            return None
        with path.open(encoding="utf-8") as file:
            names_frames = file.readline().strip().endswith(".txt")
        return FrameArchive(self.root, self.classes, SIZE) if names_frames else None

    def _first(self, names: Sequence[str]) -> Path | None:
        return next((path for name in names if (path := self.root / name).exists()), None)

    def _names(self, split: Split) -> list[str]:
        """Return the names of a split's videos, sorted."""
        chosen = name_list(self._chosen[split], f"dataset.{split}_videos", self._on_disk(), strict=True)
        return split_names(self.root, self.split, self.classes)[split] if chosen is None else chosen

    def _on_disk(self) -> list[str]:
        """Return the names of all videos that have pictures or a video file."""
        folder = self._first((*PICTURE_FOLDERS, *VIDEO_FOLDERS))
        found = folder.glob("*/*") if folder is not None else ()
        paths = (
            path.with_suffix("") if _is_video(path) else path for path in found if path.is_dir() or _is_video(path)
        )
        return sorted({f"{path.parent.name}/{path.name}" for path in paths})

    def _tubes(self, names: Sequence[str]) -> dict[str, tuple[Tube, ...]]:
        """Return the tubes of the videos that have boxes; boxes are fractions of the picture."""
        masks, labels, text = self._first(["puppet_mask"]), self._first(["labels"]), self._first(TEXT)
        if masks is not None:
            return {name: tubes for name, tubes in read_masks(masks, names, self.classes).items() if tubes}
        if labels is not None:
            pixels = {name: read_label_files(labels / name, self.classes) for name in names}
        elif text is not None:
            wanted = set(names)
            pixels = {name: t for name, t in read_text_tubes(text, self.classes).items() if name in wanted}
        else:
            raise DatasetError(f"dataset.root={self.root}: {LAYOUT}; missing: puppet_mask or labels or {TEXT[0]}")
        scale = np.array(SIZE * 2, dtype=np.float64)
        return {
            name: tuple(Tube(t.label, t.start, (t.boxes / scale).astype(np.float32)) for t in tubes)
            for name, tubes in pixels.items()
            if tubes
        }

    def _media(self, split: Split, names: Sequence[str], tubes: Mapping[str, tuple[Tube, ...]]) -> list[AnnotatedVideo]:
        """Return the videos, from pictures or video files, with their tubes."""
        folder = self._first(PICTURE_FOLDERS)
        if folder is not None:
            found = _pictures(folder, names, tubes)
        else:
            folder = self._first(VIDEO_FOLDERS) or self.root / VIDEO_FOLDERS[0]
            on_disk = {f"{path.parent.name}/{path.stem}": str(path) for path in folder.glob("*/*") if _is_video(path)}
            files = {name: on_disk[name] for name in names if name in on_disk}
            infos = readable(files, self.on_unreadable, self.decoder) if files else {}
            found = [AnnotatedVideo(n, files[n], i.num_frames, SIZE, tubes[n], i.backend) for n, i in infos.items()]
        if not found:
            raise DatasetError(
                f"{folder}: none of the {len(names)} {split} videos was found, such as {names[0]}; check dataset.root"
            )
        if len(found) < len(names):
            log.warning("%s: %d of %d %s videos are missing", folder, len(names) - len(found), len(names), split)
        return found


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _pictures(folder: Path, names: Sequence[str], tubes: Mapping[str, tuple[Tube, ...]]) -> list[AnnotatedVideo]:
    """Return the videos among `names` that have pictures; tubes go by the numbers in the pictures' names."""
    found = []
    for name in names:
        if (folder / name).is_dir():
            numbers = PictureNumbers(folder / name)
            own = numbers.tubes(tubes[name])
            found.append(AnnotatedVideo(name, str(folder / name), numbers.length, SIZE, own, "frames"))
    return [video for video in found if video.num_frames]


def _cut_off(video: AnnotatedVideo) -> AnnotatedVideo:
    """Return a video whose tubes end at its last frame."""
    inside = [
        Tube(t.label, t.start, t.boxes[: video.num_frames - t.start]) for t in video.tubes if t.start < video.num_frames
    ]
    return AnnotatedVideo(video.name, video.path, video.num_frames, video.size, tuple(inside), video.backend)
