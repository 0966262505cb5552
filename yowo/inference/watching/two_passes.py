"""For linkers that need all frames: detections wait on the disk while the frames are read once, then again."""

import pickle
import tempfile
from collections.abc import Iterator
from typing import IO, NamedTuple

import numpy as np
import torch
from typing_extensions import Self

from yowo.contracts import Detections, Tube
from yowo.inference.frame_rows import FrameRows, frame_rows
from yowo.inference.stream_meter import StreamMeter
from yowo.inference.watching.watch import SeenFrame, Watching
from yowo.tubes.linking import Linker, VideoDetections
from yowo.video.frame_source import FrameSource


class _Stored(NamedTuple):
    """A frame without its picture: its time, and its detections as arrays."""

    seconds: float
    found: dict[str, np.ndarray] | None


class SeenBefore:
    """What was found on the frames of a source, on the disk; a context manager.

    Attributes:
        frames: Number of frames.
    """

    def __init__(self) -> None:
        """Begin without frames."""
        self.frames = 0
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self._keys: list[FrameRows] = []
        self._size = (0, 0)

    def add(self, seen: SeenFrame, how: Watching) -> None:
        """Keep what was found on the next frame.

        Raises:
            OSError: The disk of temporary files is full.
            YowoError: A box or score is NaN or infinite.
        """
        found = None
        if seen.found is not None:
            size = seen.picture.shape[1], seen.picture.shape[0]
            self._keys.append(frame_rows(seen.found, size, how.threshold, f"{how.name}, frame {seen.frame}"))
            found = {name: value.numpy() for name, value in seen.found.items()}  # type: ignore[attr-defined]
        pickle.dump(_Stored(seen.seconds, found), self._file, pickle.HIGHEST_PROTOCOL)
        self.frames += 1

    def tubes(self, linker: Linker, num_classes: int) -> list[Tube]:
        """Link all frames that the network saw, counted from 0.

        Args:
            linker: Makes the tubes.
            num_classes: C.

        Returns:
            Tubes in these frames, boxes in pixels.
        """
        if not self._keys:
            return []
        counts = [len(rows.labels) for rows in self._keys]
        every = VideoDetections(
            frames=np.repeat(np.arange(len(counts)), counts),
            labels=np.concatenate([rows.labels for rows in self._keys]),
            scores=np.concatenate([rows.scores for rows in self._keys]),
            boxes_xyxy=np.concatenate([rows.boxes_xyxy for rows in self._keys]),
            num_frames=len(counts),
        )
        return linker(every, num_classes)

    def again(self, source: FrameSource, batch_size: int, meter: StreamMeter) -> Iterator[SeenFrame]:
        """Yield the same frames once more.

        Args:
            source: The same source, opened anew.
            batch_size: Frames read at once.
            meter: Learns which frames came.

        Raises:
            VideoError: A frame cannot be read.
        """
        self._file.seek(0)
        first = 0
        while first < self.frames and len(pictures := source.read(min(batch_size, self.frames - first))):
            meter.came(first, len(pictures))
            for frame, picture in enumerate(pictures, first):
                stored: _Stored = pickle.load(self._file)  # this process wrote it
                yield SeenFrame(frame, picture, stored.seconds, _detections(stored))
            first += len(pictures)

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *error: object) -> None:
        """Forget everything."""
        self._file.close()


def _detections(stored: _Stored) -> Detections | None:
    if stored.found is None:
        return None
    found: Detections = {name: torch.from_numpy(value) for name, value in stored.found.items()}  # type: ignore[assignment]
    return found
