"""Videos as folders of numbered pictures (00001.jpg, 00002.jpg, ...)."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image, UnidentifiedImageError
from typing_extensions import Self

from yowo.errors import VideoError
from yowo.video.frames import Frames, check_indices
from yowo.video.packets import DEFAULT_FPS

SUFFIXES = (".jpg", ".jpeg", ".png")


class FolderReader:
    """The pictures of a folder, in the order of the last number in their names."""

    backend: ClassVar[str] = "frames"

    def __init__(self, path: str | Path) -> None:
        """List the folder.

        Raises:
            VideoError: It holds no numbered picture, or the first cannot be read.
        """
        self.path = path
        if not Path(path).is_dir():
            raise VideoError(f"{path}: expected a folder of numbered pictures")
        numbered = [
            (int(numbers[-1]), file)
            for file in Path(path).iterdir()
            if file.suffix.lower() in SUFFIXES and (numbers := re.findall(r"\d+", file.stem))
        ]
        if not numbered:
            raise VideoError(f"{path}: the folder holds no numbered pictures such as 00001.jpg")
        self._files = [file for _, file in sorted(numbered)]
        self.fps = DEFAULT_FPS
        self.height, self.width = _read(self._files[0]).shape[:2]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self._files)

    def get_frames(self, indices: Sequence[int]) -> Frames:
        """Return the frames [N, H, W, 3] at `indices`, see `VideoReader`."""
        wanted, place = np.unique(check_indices(indices, len(self), self.path), return_inverse=True)
        pictures = np.zeros((len(wanted), self.height, self.width, 3), dtype=np.uint8)
        for row, index in enumerate(wanted):
            picture = _read(self._files[index])
            if picture.shape != pictures.shape[1:]:
                raise VideoError(
                    f"{self._files[index]}: expected {self.width}x{self.height} pixels like the folder's first, "
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


def _read(file: Path) -> Frames:
    try:
        with Image.open(file) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise VideoError(f"{file}: not a readable picture ({error})") from error
