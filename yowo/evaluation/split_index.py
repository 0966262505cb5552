"""What metrics know about a split: which video and moment each sample is, and what is annotated on whole videos."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo
from yowo.evaluation.video_truth import Truth

PIXEL_GRID = 1024
"""Parts of a pixel that ground truth is snapped to: undoes the float32 noise of fractions (below 1/2048 pixel up to
16,384 pixels), so that annotated whole pixels, and overlaps of exactly the threshold, come back exactly."""


@dataclass(frozen=True, slots=True)
class SplitIndex:
    """A split as metrics see it.

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
    """Round coordinates to the `PIXEL_GRID`."""
    return np.rint(pixels * PIXEL_GRID) / PIXEL_GRID


def _in_pixels(tube: Tube, size: tuple[int, int]) -> Tube:
    boxes = snap(tube.boxes.astype(np.float64) * np.array(size * 2, dtype=np.float64))
    return Tube(tube.label, tube.start, boxes.astype(np.float32), tube.score)
