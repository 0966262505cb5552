"""What metrics know about a split: the video and the frame of each sample, and the annotation of whole videos."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo
from yowo.evaluation.video_truth import Truth

PIXEL_GRID = 1024
"""Ground truth is rounded to multiples of 1 / PIXEL_GRID pixels. This removes the float32 rounding of fractions (below
1/2048 pixel up to 16,384 pixels), so that annotated whole pixels, and IoUs of exactly the threshold, are exact."""


@dataclass(frozen=True, slots=True)
class SplitIndex:
    """A split, as far as metrics need it.

    Attributes:
        videos: Its V videos with their annotation.
        video: int64 [n], video of each sample, in the order of the samples' positions.
        frame: int64 [n], position of its key frame in the video, from 0.
        seconds: float64 [n], timestamp of each key frame where the data set has timestamps (AVA); else None.
    """

    videos: tuple[AnnotatedVideo, ...]
    video: NDArray[np.int64]
    frame: NDArray[np.int64]
    seconds: NDArray[np.float64] | None = None

    def truth(self) -> Truth:
        """Return the tubes of each video in the pixels of its protocol, in the order of the videos' names."""
        return {video.name: [_in_pixels(t, video.size) for t in video.tubes] for video in self._sorted()}

    def _sorted(self) -> list[AnnotatedVideo]:
        return sorted(self.videos, key=lambda video: video.name)


def snap(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round coordinates in pixels, float64 of any shape, to multiples of 1 / `PIXEL_GRID`."""
    return np.rint(pixels * PIXEL_GRID) / PIXEL_GRID


def _in_pixels(tube: Tube, size: tuple[int, int]) -> Tube:
    boxes = snap(tube.boxes.astype(np.float64) * np.array(size * 2, dtype=np.float64))
    return Tube(tube.label, tube.start, boxes.astype(np.float32), tube.score)
