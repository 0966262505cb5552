"""The beginning of a source, as painted, as an animated GIF."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from yowo.inference.gif import write_gif
from yowo.inference.outputs.frame_output import StreamFacts, resting_place
from yowo.inference.tracks import TrackedFrame

SECONDS = 15.0
"""Time of the source that a GIF shows."""
RATE = 10.0
"""Pictures per second of the source's time."""
LONGEST_SIDE = 480
"""Pixels that pictures are reduced to."""
MOST_BYTES = 10_000_000
"""Size above which palettes shrink."""


class GifOutput:
    """Keeps pictures of the first 15 seconds, 10 a second and at most 480 pixels wide and high.

    Longer ones belong into a video. The pictures take at most 100 MB of memory; the file is written in the end.
    """

    def __init__(self, path: Path, facts: StreamFacts, paint: Callable[[TrackedFrame], NDArray[np.uint8]]) -> None:
        """Begin without pictures.

        Args:
            path: The file to write in the end.
            facts: Of the source.
            paint: Returns the picture of a frame, uint8 [H, W, 3], RGB.
        """
        self._path, self._facts, self._paint = path, facts, paint
        self._pictures: list[NDArray[np.uint8]] = []
        self._times: list[float] = []
        self._due, self._is_part = 0.0, False
        self._frames = 0

    def write(self, frame: TrackedFrame) -> None:
        """Keep the picture of a frame if its time has come."""
        self._frames += 1
        seconds = frame.result.seconds
        self._is_part = seconds >= SECONDS
        if self._due <= seconds < SECONDS:
            self._pictures.append(reduced(self._paint(frame)))
            self._times.append(seconds)
            self._due = max(self._due + 1 / RATE, seconds + 0.5 / RATE)

    def finish(self) -> None:
        """Write the file, unless there was no frame.

        Raises:
            YowoError: It cannot be written.
        """
        if self._pictures:
            self._path = resting_place(self._path, self._facts, self._frames)
            write_gif(self._path, self._pictures, self._rate(), MOST_BYTES)

    def close(self) -> None:
        """Forget the pictures."""
        self._pictures = []

    def kept(self) -> str | None:
        """Return where the file is, and what it shows; None if there was no frame."""
        if not self._times:
            return None
        more = f", the first {SECONDS:g} seconds" if self._is_part else ""
        return f"GIF: {self._path}{more}"

    def _rate(self) -> float:
        """Return the pictures per second that were kept."""
        return (len(self._times) - 1) / (self._times[-1] - self._times[0]) if len(self._times) > 1 else RATE


def reduced(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture, uint8 [H, W, 3], with sides of at most `LONGEST_SIDE`."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BILINEAR, reducing_gap=None)
    return np.asarray(image)
