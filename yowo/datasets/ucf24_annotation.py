"""The corrected annotation of UCF101-24 (`finalAnnots.mat`, Singh et al. 2017)."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import scipy.io

from yowo.contracts import Tube
from yowo.errors import AnnotationError

SIZE = (320, 240)
"""Width and height in pixels that the annotation refers to."""


def read_annotation(path: Path) -> dict[str, tuple[Tube, ...]]:
    """Read `finalAnnots.mat` with boxes as fractions of the picture.

    Args:
        path: The file.

    Returns:
        The tubes of each video by name; boxes are float32 [n, 4], x1 y1 x2 y2 as fractions of the picture, neither
        clipped nor shifted.

    Raises:
        AnnotationError: The file is damaged, or the number of boxes of a tube differs from its number of frames.
    """
    scale = np.array(SIZE * 2, dtype=np.float64)
    return {
        name: tuple(Tube(tube.label, tube.start, (tube.boxes / scale).astype(np.float32)) for tube in tubes)
        for name, tubes in read_pixel_tubes(path).items()
    }


def read_pixel_tubes(path: Path, names: Collection[str] | None = None) -> dict[str, tuple[Tube, ...]]:
    """Read `finalAnnots.mat` with boxes in pixels.

    Args:
        path: The file: a struct array `annot` with `num_imgs`, `name`, `tubes`; a tube has `sf` and `ef` (first and
            last frame, from 1), `class` (from 1) and `boxes` (x, y, width, height, one row per frame).
        names: Videos to read; None reads all.

    Returns:
        The tubes of each video by name; boxes are float32 [n, 4], x1 y1 x2 y2 in whole pixels of 320 x 240, neither
        clipped nor shifted.

    Raises:
        AnnotationError: The file is damaged, or the number of boxes of a tube differs from its number of frames.
    """
    try:
        entries = scipy.io.loadmat(path, variable_names=["annot"])["annot"][0]
        named = {str(entry["name"][0]): entry["tubes"].reshape(-1) for entry in entries}
    except Exception as error:  # scipy raises errors of many kinds for damaged files
        raise AnnotationError(f"{path}: not a readable UCF101-24 annotation ({error})") from error
    wanted = named if names is None else {name: tubes for name, tubes in named.items() if name in names}
    return {name: tuple(_tube(tube, name, path) for tube in tubes) for name, tubes in wanted.items()}


def _tube(tube: np.ndarray, name: str, path: Path) -> Tube:
    """Convert one tube; its numbers are stored in 8 or 16 bits, so they are widened first to avoid overflow."""
    try:
        first, last, label = (int(tube[field].reshape(-1)[0]) for field in ("sf", "ef", "class"))
        boxes = tube["boxes"].astype(np.float64).reshape(-1, 4)
    except (ValueError, IndexError, TypeError) as error:
        raise AnnotationError(
            f"{path}: {name}: expected a tube with the fields sf, ef, class and boxes ({error})"
        ) from error
    if len(boxes) != last - first + 1:
        raise AnnotationError(
            f"{path}: {name}: expected one box for each of the frames {first} to {last}, got {len(boxes)} boxes"
        )
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    return Tube(label - 1, first - 1, corners.astype(np.float32))
