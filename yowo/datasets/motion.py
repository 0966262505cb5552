"""`motion`: generated videos of eight actions that cannot be recognised from a single frame.

    videos/train_0000.mp4 ... val_0000.mp4 ...   H.264, 25 frames per second
    annotations.csv                              all boxes, see `yowo.projects.table`
    splits/train.txt, splits/val.txt             names of the videos, one per line
    classes.txt                                  names of the classes, one per line
    generator.json                               parameters of the generator

Textured figures move over a cluttered background with similar static figures, recorded by a shaking camera. About half
of the figures act during a part of the video only and stand still, unannotated, before and after. See
`yowo.datasets.motion_plan` for the actions and `yowo.datasets.motion_render` for the drawing.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo, Split
from yowo.datasets.base import VideoDataset
from yowo.datasets.motion_plan import CLASSES, MIN_FRAMES
from yowo.datasets.motion_render import Box, make_video
from yowo.datasets.split_lists import name_list
from yowo.errors import ConfigError, DatasetError
from yowo.progress import track
from yowo.projects.project import SPLIT_FOLDER, TABLE, VIDEO_FOLDER
from yowo.projects.table import Extent, TableRow, read_table, write_table
from yowo.video.backends import usable_decoder

FORMAT = 1
"""Version of the generator: increased whenever equal parameters give different data."""
CLASS_LIST, PARAMETERS = "classes.txt", "generator.json"
MIN_SIZE = (64, 48)
IN_PROCESS = 8
"""Up to this number, videos are generated in the current process."""

Job = tuple[Path, Split, int, int, tuple[int, int], int]
"""The arguments of `make_video`."""
Annotation = list[tuple[int, Box, int, int]]
"""The return value of `make_video`."""


class Motion(VideoDataset):
    """The generated data set."""

    def __init__(
        self,
        root: str,
        classes: Sequence[str] = CLASSES,
        num_train: int = 240,
        num_val: int = 48,
        num_frames: int = 48,
        size: Sequence[int] = (160, 120),
        seed: int = 0,
        num_val_frames: int | None = None,
        **options: Any,
    ) -> None:
        """Store the arguments; nothing is generated or read yet.

        Args:
            root: Folder of the data set; created by `prepare` if it does not exist.
            classes: Names of the classes; must be the eight classes of the generator.
            num_train: Number of training videos.
            num_val: Number of validation videos; their colours do not occur in training videos.
            num_frames: Frames of each training video, at least 16.
            size: Width and height in pixels, both even, at least 64 x 48.
            seed: Random seed; a video depends only on the seed, its split and its number.
            num_val_frames: Frames of each validation video; None for `num_frames`.
            options: Further arguments of `VideoDataset`.

        Raises:
            ConfigError: `classes` differ from those of the generator.
        """
        super().__init__(root, classes, **options)
        if self.classes != CLASSES:
            raise ConfigError(
                f"dataset.classes: expected the classes of motion, {', '.join(CLASSES)}, got {', '.join(self.classes)}"
            )
        self._counts: dict[Split, int] = {"train": num_train, "val": num_val}
        self._num_frames: dict[Split, int] = {"train": num_frames, "val": num_val_frames or num_frames}
        self._size = tuple(size)
        self._seed = seed

    def prepare(self) -> None:
        """Generate the data set, unless it exists.

        It is written to a temporary folder beside `root`, which is renamed once it is complete, so that an interrupted
        run leaves no incomplete data set.

        Raises:
            ConfigError: A parameter is out of range.
            DatasetError: `root` contains a data set with other parameters, or other files.
        """
        if self._finished():
            return
        self._check_parameters()
        folder = self.root.resolve()
        workshop = None
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            workshop = Path(tempfile.mkdtemp(prefix=f".{folder.name}-unfinished-", dir=folder.parent))
            unfinished = workshop / folder.name
            unfinished.mkdir()  # with the usual permissions, unlike the folder around it
            self._generate(unfinished)
            if folder.is_dir():
                folder.rmdir()
            unfinished.rename(folder)
        except OSError as error:
            if not self._finished():  # otherwise another process has written the same data set in the meantime
                raise DatasetError(
                    f"dataset.root={self.root}: the data set cannot be written ({error}); choose another folder"
                ) from error
        finally:
            if workshop is not None:
                shutil.rmtree(workshop, ignore_errors=True)

    def read_videos(self, split: Split) -> list[AnnotatedVideo]:
        """Find the videos of a split and their tubes.

        Raises:
            DatasetError: The data set is missing, incomplete, or has other parameters.
            AnnotationError: The annotation is damaged.
        """
        if not self._finished():
            raise DatasetError(f"dataset.root={self.root}: the data set does not exist; call prepare() to generate it")
        chosen = name_list(self._chosen[split], f"dataset.{split}_videos", sorted(self._tubes))
        names = self._names(split) if chosen is None else chosen
        paths = {name: self.root / VIDEO_FOLDER / f"{name}.mp4" for name in names}
        missing = [path for path in paths.values() if not path.is_file()]
        if missing:
            raise DatasetError(
                f"{missing[0]}: {len(missing)} of {len(paths)} {split} videos are missing; delete {self.root} to have "
                "it generated again"
            )
        return [
            AnnotatedVideo(name, str(path), self._lengths[name], self._extent(), self._tubes[name], self._backend())
            for name, path in paths.items()
        ]

    @cached_property
    def _lengths(self) -> dict[str, int]:
        """The number of frames of each video, by name."""
        return {name: count for part, count in self._num_frames.items() for name in self._names(part)}

    @cached_property
    def _tubes(self) -> dict[str, tuple[Tube, ...]]:
        """The tubes of each video, by name."""
        extents = {name: Extent(count, self._extent()) for name, count in self._lengths.items()}
        return read_table(self.root / TABLE, self.classes, extents)

    def _backend(self) -> str:
        """Return what reads the videos, which are not probed: PyAV if it is wanted, otherwise whichever is safe."""
        return "pyav" if usable_decoder(self.decoder) == "pyav" else "auto"

    def _extent(self) -> tuple[int, int]:
        return int(self._size[0]), int(self._size[1])

    def _parameters(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            "num_train": self._counts["train"],
            "num_val": self._counts["val"],
            "num_frames": self._num_frames["train"],
            "num_val_frames": self._num_frames["val"],
            "size": list(self._size),
            "seed": self._seed,
        }

    def _check_parameters(self) -> None:
        for split, count in self._counts.items():
            if count < 1:
                raise ConfigError(f"dataset.num_{split}: expected at least 1 video, got {count}")
        if min(self._num_frames.values()) < MIN_FRAMES:
            raise ConfigError(
                f"dataset.num_frames: expected at least {MIN_FRAMES}, got {min(self._num_frames.values())}"
            )
        if len(self._size) != 2 or any(
            side < least or side % 2 for side, least in zip(self._size, MIN_SIZE, strict=False)
        ):
            raise ConfigError(
                f"dataset.size: expected an even width and height of at least {MIN_SIZE[0]} x {MIN_SIZE[1]} pixels, "
                f"got {list(self._size)}"
            )
        if self._seed < 0:
            raise ConfigError(f"dataset.seed: expected a number of at least 0, got {self._seed}")

    def _finished(self) -> bool:
        """Return whether `root` contains the data set; raise DatasetError if it has other parameters or other files."""
        path = self.root / PARAMETERS
        if not path.is_file():
            if self.root.exists() and not (self.root.is_dir() and not any(self.root.iterdir())):
                raise DatasetError(
                    f"dataset.root={self.root}: expected a generated data set, an empty folder or a new path, got "
                    f"other files without {PARAMETERS}; choose another root"
                )
            return False
        wanted = self._parameters()
        try:
            there = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DatasetError(
                f"{path}: expected JSON ({error}); delete {self.root} to have it generated again"
            ) from error
        there = there if isinstance(there, dict) else {}
        differing = [
            f"{key}={there.get(key)} instead of {value}" for key, value in wanted.items() if there.get(key) != value
        ]
        if differing:
            raise DatasetError(
                f"dataset.root={self.root}: the existing data set was generated with {', '.join(differing)}; choose "
                "another root or delete it"
            )
        return True

    def _names(self, split: Split) -> list[str]:
        path = self.root / SPLIT_FOLDER / f"{split}.txt"
        if not path.is_file():
            raise DatasetError(
                f"{path}: expected the names of the {split} videos; delete {self.root} to have it generated again"
            )
        return path.read_text(encoding="utf-8").split()

    def _generate(self, folder: Path) -> None:
        """Write the whole data set into an empty folder."""
        for name in (VIDEO_FOLDER, SPLIT_FOLDER):
            (folder / name).mkdir()
        rows: list[TableRow] = []
        jobs: list[Job] = []
        for split, count in self._counts.items():
            names = [f"{split}_{index:04d}" for index in range(count)]
            (folder / SPLIT_FOLDER / f"{split}.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
            jobs += [
                (
                    folder / VIDEO_FOLDER / f"{name}.mp4",
                    split,
                    index,
                    self._num_frames[split],
                    self._extent(),
                    self._seed,
                )
                for index, name in enumerate(names)
            ]
        made = track(_make_videos(jobs), f"generating {self.root}", len(jobs), "videos")
        for (path, *_), found in zip(jobs, made, strict=True):
            rows += [TableRow(path.stem, frame, box, CLASSES[label], str(who)) for frame, box, label, who in found]
        write_table(folder / TABLE, rows)
        (folder / CLASS_LIST).write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
        (folder / PARAMETERS).write_text(json.dumps(self._parameters(), indent=2) + "\n", encoding="utf-8")


def _make_videos(jobs: Sequence[Job]) -> Iterator[Annotation]:
    """Generate videos, in parallel if there are more than `IN_PROCESS`; yield the annotation of each, in order."""
    workers = min(os.cpu_count() or 1, len(jobs))
    if workers == 1 or len(jobs) <= IN_PROCESS:
        yield from (make_video(*job) for job in jobs)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield from pool.map(make_video, *zip(*jobs, strict=True), chunksize=4)
    finally:
        pool.shutdown(cancel_futures=True)
