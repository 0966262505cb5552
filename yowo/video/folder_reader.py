"""Videos as folders of pictures (00001.jpg, 00002.jpg, ...)."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from typing_extensions import Self

from yowo.errors import VideoError
from yowo.video.frames import Frames, check_indices
from yowo.video.packets import DEFAULT_FPS
from yowo.video.pictures import picture_names, read_picture


class FolderReader:
    """The pictures of a folder, in the order of `yowo.video.pictures.picture_names`."""

    backend: ClassVar[str] = "frames"

    def __init__(self, path: str | Path) -> None:
        """List the folder and read its first picture.

        Raises:
            VideoError: The folder holds no picture, or the first cannot be read.
        """
        self.path = path
        if not Path(path).is_dir():
            raise VideoError(f"{path}: expected a folder of pictures")
        self._files, self.height, self.width = _listed(str(path), Path(path).stat().st_mtime_ns)
        self.fps = DEFAULT_FPS

    def __len__(self) -> int:
        """Return the number of pictures."""
        return self._files.length

    def get_frames(self, indices: Sequence[int]) -> Frames:
        """Return the frames, uint8 [N, H, W, 3], at `indices`, see `VideoReader`."""
        wanted, place = np.unique(check_indices(indices, len(self), self.path), return_inverse=True)
        pictures = np.zeros((len(wanted), self.height, self.width, 3), dtype=np.uint8)
        for row, index in enumerate(wanted):
            file = self._files.path(index)
            picture = read_picture(file)
            if picture.shape != pictures.shape[1:]:
                raise VideoError(
                    f"{file}: expected {self.width}x{self.height} pixels like the folder's first, "
                    f"got {picture.shape[1]}x{picture.shape[0]}"
                )
            pictures[row] = picture
        return pictures[place]

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(self, *error: object) -> None:
        """Do nothing."""


class _Files(NamedTuple):
    """The pictures of a folder. If their numbers are consecutive, as they mostly are, no list of names is kept."""

    folder: Path
    length: int
    prefix: str
    digits: int
    first: int
    suffix: str
    others: tuple[str, ...] | None

    def name(self, index: int) -> str:
        """Return the name at a position, from 0, if the numbers are consecutive."""
        return f"{self.prefix}{self.first + index:0{self.digits}d}{self.suffix}"

    def path(self, index: int) -> Path:
        """Return the path of the picture at a position, from 0."""
        return self.folder / (self.name(index) if self.others is None else self.others[index])


@lru_cache(maxsize=4096)
def _listed(path: str, modified: int) -> tuple[_Files, int, int]:
    """List a folder and read its first picture; the result is kept as long as the folder does not change.

    Returns:
        The pictures in order, and the height and width of the first.

    Raises:
        VideoError: There is no picture, or the first one cannot be read.
    """
    names = tuple(picture_names(path))
    if not names:
        raise VideoError(f"{path}: the folder holds no pictures such as 00001.jpg")
    files = _consecutive(Path(path), names)
    height, width = read_picture(files.path(0)).shape[:2]
    return files, height, width


def _consecutive(folder: Path, names: tuple[str, ...]) -> _Files:
    """Return the pictures without a list of names if their numbers allow it."""
    every = _Files(folder, len(names), "", 0, 0, "", names)
    stem, _, suffix = names[0].rpartition(".")
    numbers = list(re.finditer(r"[0-9]+", stem))
    if not numbers:
        return every
    first = numbers[-1]
    files = every._replace(
        prefix=stem[: first.start()],
        digits=len(first[0]),
        first=int(first[0]),
        suffix=f"{stem[first.end() :]}.{suffix}",
        others=None,
    )
    return every if any(files.name(index) != name for index, name in enumerate(names)) else files
