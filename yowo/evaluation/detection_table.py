"""The exchange file of detections on whole videos (npz)."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Array
from yowo.errors import AnnotationError
from yowo.whole_file import whole_file

COLUMNS: dict[str, tuple[str, tuple[int, ...]]] = {
    "video": ("integers", ()),
    "frame": ("integers", ()),
    "cls": ("integers", ()),
    "score": ("floats", ()),
    "box": ("floats", (4,)),
}
"""Arrays with one row per detection: kind of number, and shape of one row."""
KINDS = {"integers": "iu", "floats": "f", "text": "U"}


@dataclass(frozen=True, slots=True)
class DetectionTable:
    """Detections on whole videos, as `yowo score` reads and writes them.

    A frame without a row exists but has no detection. Rows may be in any order; rows of a frame with equal scores are
    ranked in this order.

    Attributes:
        videos: Names of the V videos.
        num_frames: int32 [V], frames of each video.
        video: int32 [n], index into `videos`.
        frame: int32 [n], number of the frame in its video, from 1.
        cls: int32 [n], class from 0.
        score: float32 [n], finite.
        box: float32 [n, 4], x1 y1 x2 y2 in pixels, x1 <= x2 and y1 <= y2.

    >>> table = DetectionTable(
    ...     videos=("Biking/a", "Biking/b"),
    ...     num_frames=np.array([10, 20], np.int32),
    ...     video=np.array([0, 1, 1], np.int32),
    ...     frame=np.array([1, 1, 20], np.int32),
    ...     cls=np.array([2, 2, 2], np.int32),
    ...     score=np.array([0.5, 0.9, 0.75], np.float32),
    ...     box=np.array([[10, 20, 110, 220]] * 3, np.float32),
    ... )
    >>> table.frame_numbers().tolist()  # the second video begins at frame 10
    [0, 10, 29]
    """

    videos: tuple[str, ...]
    num_frames: NDArray[np.int32]
    video: NDArray[np.int32]
    frame: NDArray[np.int32]
    cls: NDArray[np.int32]
    score: NDArray[np.float32]
    box: NDArray[np.float32]

    @classmethod
    def load(cls, path: Path | str, num_classes: int | None = None) -> "DetectionTable":
        """Read the exchange file.

        Args:
            path: A npz file with the arrays of this class, of these kinds of numbers (any width).
            num_classes: Number of classes C that `cls` must be below; None allows any.

        Returns:
            The table, in the order of the file.

        Raises:
            AnnotationError: The file is missing or damaged, an array is missing or of the wrong kind or shape, or a row
                is invalid.
        """
        try:
            stored = np.load(path, allow_pickle=False)
            if not isinstance(stored, np.lib.npyio.NpzFile):
                raise ValueError("it holds a single array")
            with stored:
                arrays: dict[str, Array] = {name: stored[name] for name in stored.files}
        except FileNotFoundError as error:
            raise AnnotationError(f"{path}: there is no such detections file") from error
        except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
            raise AnnotationError(f"{path}: not a readable npz file of detections ({error}): write it again") from error
        return checked(arrays, str(path), num_classes)

    def save(self, path: Path | str) -> None:
        """Write the exchange file; it appears when it is complete.

        Args:
            path: File to write, usually ending in .npz; its folder is made if there is none.

        Raises:
            YowoError: It cannot be written.
        """
        columns = {name: getattr(self, name) for name in COLUMNS}
        with whole_file(Path(path)) as unfinished, unfinished.open("wb") as file:
            np.savez_compressed(
                file, videos=np.array(self.videos, dtype=np.str_), num_frames=self.num_frames, **columns
            )

    def frame_numbers(self) -> NDArray[np.int64]:
        """Return int64 [n]: the position of each row's frame, from 0, among all frames of all videos."""
        before = np.cumsum(self.num_frames, dtype=np.int64) - self.num_frames
        return before[self.video] + self.frame - 1


def checked(arrays: dict[str, Array], source: str, num_classes: int | None = None) -> DetectionTable:
    """Check arrays that were read from a file, and make a table of them.

    Args:
        arrays: Arrays by the names of `DetectionTable`'s attributes; others are ignored.
        source: Name of the file, for errors.
        num_classes: Number of classes C that `cls` must be below; None allows any.

    Returns:
        The table.

    Raises:
        AnnotationError: An array is missing or of the wrong kind or shape, or a row is invalid.
    """
    missing = [name for name in ("videos", "num_frames", *COLUMNS) if name not in arrays]
    if missing:
        raise AnnotationError(f"{source}: expected arrays videos, num_frames, {', '.join(COLUMNS)}; missing: {missing}")
    _require_array(arrays, "videos", "text", (len(np.atleast_1d(arrays["videos"])),), source)
    videos = tuple(str(name) for name in arrays["videos"])
    if len(set(videos)) < len(videos):
        twice = next(name for row, name in enumerate(videos) if name in videos[:row])
        raise AnnotationError(f"{source}: videos: {twice} is listed twice; expected each name once")
    _require_array(arrays, "num_frames", "integers", (len(videos),), source)
    rows = len(np.atleast_1d(arrays["video"]))
    for name, (kind, shape) in COLUMNS.items():
        _require_array(arrays, name, kind, (rows, *shape), source)
    _check_rows(arrays, videos, source, num_classes)
    return DetectionTable(
        videos=videos,
        num_frames=arrays["num_frames"].astype(np.int32),
        video=arrays["video"].astype(np.int32),
        frame=arrays["frame"].astype(np.int32),
        cls=arrays["cls"].astype(np.int32),
        score=arrays["score"].astype(np.float32),
        box=arrays["box"].astype(np.float32),
    )


def _require_array(arrays: dict[str, Array], name: str, kind: str, shape: tuple[int, ...], source: str) -> None:
    array = arrays[name]
    if array.dtype.kind not in KINDS[kind] or array.shape != shape:
        raise AnnotationError(
            f"{source}: {name}: expected {kind} of shape {list(shape)}, got {array.dtype} {list(array.shape)}"
        )


def _check_rows(arrays: dict[str, Array], videos: tuple[str, ...], source: str, num_classes: int | None) -> None:
    """Check the numbers of each row.

    Raises:
        AnnotationError: A row is invalid; the message names the first such row, counted from 0.
    """
    num_frames, video = arrays["num_frames"].astype(np.int64), arrays["video"].astype(np.int64)
    frame, label = arrays["frame"].astype(np.int64), arrays["cls"].astype(np.int64)
    score, box = arrays["score"].astype(np.float32), arrays["box"].astype(np.float32)

    def _require(fine: NDArray[np.bool_] | np.bool_, name: str, expected: str, of: str = "row") -> None:
        wrong = np.flatnonzero(np.logical_not(fine))
        if len(wrong):
            row = int(wrong[0])
            raise AnnotationError(
                f"{source}: {of} {row}: expected {expected}, got {arrays[name][row].tolist()}"
                f" ({len(wrong)} such {of}s): write the file again"
            )

    _require(num_frames > 0, "num_frames", "num_frames of at least 1", of="video")
    _require((video >= 0) & (video < len(videos)), "video", f"video of 0 to {len(videos) - 1} ({len(videos)} videos)")
    _require((frame >= 1) & (frame <= num_frames[video]), "frame", "frame of 1 (the first) to the video's num_frames")
    highest = np.iinfo(np.int32).max if num_classes is None else num_classes - 1
    _require((label >= 0) & (label <= highest), "cls", f"cls of 0 to {highest}")
    _require(np.isfinite(score), "score", "a finite score")
    _require(np.isfinite(box).all(axis=1), "box", "a finite box")
    _require((box[:, :2] <= box[:, 2:]).all(axis=1), "box", "box x1 y1 x2 y2 with x1 <= x2 and y1 <= y2")
