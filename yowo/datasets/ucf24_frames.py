"""UCF101-24 in the archive that the YOWO authors share: extracted frames and a text file of boxes for each.

rgb-images/<Class>/<video>/00001.jpg
labels/<Class>/<video>/00001.txt     a row a box: class (from 1) x1 y1 x2 y2, pixels
trainlist.txt, testlist.txt          key frames, a row each: labels/<Class>/<video>/00001.txt
splitfiles/finalAnnots.mat           tubes (whole videos are scored against them)
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import numpy as np

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo, KeyFrames, Split
from yowo.datasets.split_lists import name_list
from yowo.errors import AnnotationError, DatasetError

LISTS: dict[Split, str] = {"train": "trainlist.txt", "val": "testlist.txt"}


class FrameArchive:
    """The authors' archive below one folder."""

    def __init__(self, root: Path, classes: Sequence[str], size: tuple[int, int]) -> None:
        """Hold the arguments: `size` is the width and height that boxes count in."""
        self.root, self.classes, self.size = root, tuple(classes), size

    def videos(self, names: Sequence[str], tubes: dict[str, tuple[Tube, ...]]) -> list[AnnotatedVideo]:
        """Describe the videos among `names` that have a folder of frames."""
        found = []
        for name in names:
            folder = self.root / "rgb-images" / name
            if folder.is_dir():
                count = sum(entry.name.endswith((".jpg", ".png")) for entry in os.scandir(folder))
                found.append(AnnotatedVideo(name, str(folder), count, self.size, tubes.get(name, ()), "frames"))
        return found

    def key_frames(self, split: Split, chosen: str | Sequence[str] | None) -> KeyFrames:
        """Return the listed key frames with the boxes of their text files.

        Args:
            split: Which list is read; a split that names its own videos takes theirs from both lists.
            chosen: The split's own videos, see `name_list`; None for the list's.

        Raises:
            DatasetError: A list is missing, or none of its videos has frames.
            AnnotationError: A row of a label file is wrong.
        """
        frames = self._listed(split, chosen)
        videos = self.videos(self.names(split, chosen), {})
        if not videos:
            raise DatasetError(f"{self.root / 'rgb-images'}: has frames of none of the {len(frames)} {split} videos")
        kept = [(index, number) for index, v in enumerate(videos) for number in sorted(frames[v.name])]
        files = [self.root / "labels" / videos[index].name / f"{number:05d}.txt" for index, number in kept]
        with ThreadPoolExecutor(8) as pool:  # hundreds of thousands of small files: waiting, not computing
            rows = list(pool.map(self._rows, files, chunksize=256))
        boxes = np.concatenate(rows)
        return KeyFrames(
            videos,
            np.array([index for index, _ in kept], dtype=np.int64),
            np.array([number - 1 for _, number in kept], dtype=np.int64),
            np.concatenate([[0], np.cumsum([len(r) for r in rows])]),
            (boxes[:, 1:] / (self.size * 2)).astype(np.float32),
            boxes[:, 0].astype(np.int64) - 1,
        )

    def names(self, split: Split, chosen: str | Sequence[str] | None) -> list[str]:
        """Return the sorted names of a split's videos; arguments as for `key_frames`."""
        listed = sorted(self._listed(split, chosen))
        names = name_list(chosen, f"dataset.{split}_videos", listed)
        return listed if names is None else names

    def _listed(self, split: Split, chosen: str | Sequence[str] | None) -> dict[str, set[int]]:
        """Return the listed frame numbers of each video; of all lists where a split names its own videos."""
        lists = [LISTS[split]] if chosen is None else [n for n in LISTS.values() if (self.root / n).exists()]
        frames: dict[str, set[int]] = {}
        for entry in (entry for name in lists for entry in self._entries(name)):
            frames.setdefault(f"{entry.parts[-3]}/{entry.parts[-2]}", set()).add(_number(entry))
        return frames

    def _entries(self, name: str) -> list[PurePosixPath]:
        path = self.root / name
        if not path.is_file():
            raise DatasetError(
                f"{path}: there is no such list; the archive has one row labels/<Class>/<video>/NNNNN.txt a key frame"
            )
        lines = (line.strip().replace("\\", "/") for line in path.read_text().splitlines())
        return [PurePosixPath(line) for line in lines if line]

    def _rows(self, path: Path) -> np.ndarray:
        """Read a label file: float64 [N, 5] of class and pixels; an empty file has no boxes."""
        try:
            rows = np.array([line.split() for line in path.read_text().splitlines() if line.strip()], dtype=np.float64)
        except OSError as error:
            raise AnnotationError(f"{path}: listed but not there") from error
        except ValueError as error:
            raise AnnotationError(f"{path}: expected rows of class x1 y1 x2 y2, {error}") from error
        rows = rows.reshape(-1, 5) if rows.size % 5 == 0 else rows
        if rows.ndim != 2 or rows.shape[1] != 5:
            raise AnnotationError(f"{path}: expected rows of class x1 y1 x2 y2, got {rows.shape}")
        wrong = (rows[:, 0] < 1) | (rows[:, 0] > len(self.classes)) | (rows[:, 0] % 1 != 0)
        if wrong.any():
            row = int(wrong.argmax())
            raise AnnotationError(f"{path}: row {row + 1}: class {rows[row, 0]:g} is not 1 to {len(self.classes)}")
        return rows


def _number(entry: PurePosixPath) -> int:
    try:
        return int(entry.stem)
    except ValueError:
        raise AnnotationError(f"{entry}: expected a file named by its frame number, such as 00001.txt") from None
