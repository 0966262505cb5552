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
    """Keeps pictures of the first 15 seconds, 10 a second and at most 480 pixels wide and high, and writes them in
    the end; more would be no picture for a page but a video. What is kept takes at most 100 MB of memory.
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
        self._frames = 0

    def write(self, frame: TrackedFrame) -> None:
        """Keep the picture of a frame if its time has come."""
        self._frames += 1
        seconds = frame.result.seconds
        if seconds < SECONDS and seconds >= len(self._pictures) / RATE - 1e-6:
            self._pictures.append(reduced(self._paint(frame)))

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
