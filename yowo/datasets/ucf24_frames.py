"""The YOWO authors' archive of UCF101-24: extracted frames with one text file of boxes per frame.

rgb-images/<Class>/<video>/00001.jpg
labels/<Class>/<video>/00001.txt     one row per box: class (from 1) x1 y1 x2 y2, pixels
trainlist.txt, testlist.txt          key frames, one per row: labels/<Class>/<video>/00001.txt
splitfiles/finalAnnots.mat           tubes, the ground truth of video-mAP
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo, KeyFrames, Split
from yowo.datasets.picture_numbers import PictureNumbers, report_missing
from yowo.datasets.split_lists import name_list
from yowo.errors import AnnotationError, DatasetError

LISTS: dict[Split, str] = {"train": "trainlist.txt", "val": "testlist.txt"}
"""Name of the list of key frames of each split."""


class FrameArchive:
    """The authors' archive in one folder."""

    def __init__(self, root: Path, classes: Sequence[str], size: tuple[int, int]) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            root: Folder of the archive.
            classes: Names of the C classes, in the order of their numbers.
            size: Width and height in pixels that the boxes refer to.
        """
        self.root, self.classes, self.size = root, tuple(classes), size
        self._numbers: dict[str, PictureNumbers | None] = {}

    def videos(self, names: Sequence[str], tubes: dict[str, tuple[Tube, ...]]) -> list[AnnotatedVideo]:
        """Return the videos among `names` that have a folder of frames, with their tubes from `tubes`."""
        found = []
        for name in names:
            numbers = self._pictures(name)
            if numbers is not None:
                folder = str(self.root / "rgb-images" / name)
                own = numbers.tubes(tubes.get(name, ()))
                found.append(AnnotatedVideo(name, folder, numbers.length, self.size, own, "frames"))
        return found

    def _pictures(self, name: str) -> PictureNumbers | None:
        """Return the pictures of a video, listed once; None if it has no folder."""
        if name not in self._numbers:
            folder = self.root / "rgb-images" / name
            self._numbers[name] = PictureNumbers(folder) if folder.is_dir() else None
        return self._numbers[name]

    def key_frames(self, split: Split, chosen: str | Sequence[str] | None) -> KeyFrames:
        """Return the listed key frames with the boxes from their text files.

        Args:
            split: Split whose list is read; if `chosen` is given, both lists are read.
            chosen: Videos chosen by the user, see `name_list`; None for those of the split's list.

        Raises:
            DatasetError: A list is missing, or none of its videos has frames.
            AnnotationError: A row of a label file is invalid.
        """
        frames = self._listed(split, chosen)
        videos = self.videos(self.names(split, chosen), {})
        if not videos:
            raise DatasetError(
                f"{self.root / 'rgb-images'}: none of the {len(frames)} {split} videos has frames; check dataset.root"
            )
        kept, missing = [], []
        for index, video in enumerate(videos):
            numbers = self._numbers[video.name]
            for number, file in sorted(frames[video.name].items()):
                place = number - 1 if numbers is None else numbers.place(number)
                if place is None:
                    missing.append(f"labels/{video.name}/{file}")
                else:
                    kept.append((index, place, self.root / "labels" / video.name / file))
        if not kept:
            raise DatasetError(
                f"{self.root / 'rgb-images'}: none of the {len(missing)} {split} key frames has a picture of its "
                f"number, such as {missing[0]}; check dataset.root"
            )
        report_missing(missing)
        files = [file for _, _, file in kept]
        with ThreadPoolExecutor(8) as pool:  # reading hundreds of thousands of small files is bound by I/O
            rows = list(pool.map(self._rows, files, chunksize=256))
        boxes = np.concatenate(rows)
        return KeyFrames(
            videos,
            np.array([index for index, _, _ in kept], dtype=np.int64),
            np.array([place for _, place, _ in kept], dtype=np.int64),
            np.concatenate([[0], np.cumsum([len(r) for r in rows])]),
            (boxes[:, 1:] / (self.size * 2)).astype(np.float32),
            boxes[:, 0].astype(np.int64) - 1,
        )

    def names(self, split: Split, chosen: str | Sequence[str] | None) -> list[str]:
        """Return the sorted names of a split's videos; see `key_frames` for the arguments."""
        listed = sorted(self._listed(split, chosen))
        names = name_list(chosen, f"dataset.{split}_videos", listed)
        return listed if names is None else names

    def _listed(self, split: Split, chosen: str | Sequence[str] | None) -> dict[str, dict[int, str]]:
        """Return the listed label files of each video by frame number; from both lists if `chosen` is given."""
        lists = [LISTS[split]] if chosen is None else [n for n in LISTS.values() if (self.root / n).exists()]
        frames: dict[str, dict[int, str]] = {}
        for entry in (entry for name in lists for entry in self._entries(name)):
            frames.setdefault(f"{entry.parts[-3]}/{entry.parts[-2]}", {})[_number(entry)] = entry.name
        return frames

    def _entries(self, name: str) -> list[PurePosixPath]:
        path = self.root / name
        if not path.is_file():
            raise DatasetError(
                f"{path}: expected a list with one row labels/<Class>/<video>/NNNNN.txt per key frame; the file does "
                "not exist"
            )
        lines = (line.strip().replace("\\", "/") for line in path.read_text().splitlines())
        return [PurePosixPath(line) for line in lines if line]

    def _rows(self, path: Path) -> np.ndarray:
        """Read a label file: float64 [N, 5], class (from 1) and x1 y1 x2 y2 in pixels; N is 0 for an empty file."""
        try:
            rows = np.array([line.split() for line in path.read_text().splitlines() if line.strip()], dtype=np.float64)
        except OSError as error:
            raise AnnotationError(f"{path}: the label file is listed but does not exist; extract it again") from error
        except ValueError as error:
            raise AnnotationError(f"{path}: expected rows of class x1 y1 x2 y2, {error}") from error
        rows = rows.reshape(-1, 5) if rows.size % 5 == 0 else rows
        if rows.ndim != 2 or rows.shape[1] != 5:
            raise AnnotationError(f"{path}: expected rows of class x1 y1 x2 y2, got an array of shape {rows.shape}")
        wrong = (rows[:, 0] < 1) | (rows[:, 0] > len(self.classes)) | (rows[:, 0] % 1 != 0)
        if wrong.any():
            row = int(wrong.argmax())
            raise AnnotationError(
                f"{path}: row {row + 1}: expected a class number from 1 to {len(self.classes)}, got {rows[row, 0]:g}"
            )
        return rows


def _number(entry: PurePosixPath) -> int:
    try:
        return int(entry.stem)
    except ValueError:
        raise AnnotationError(f"{entry}: expected a file named by its frame number, such as 00001.txt") from None
