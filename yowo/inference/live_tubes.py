"""Tubes on frames that somebody else reads: one frame in, the tubes on it out."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Detections
from yowo.errors import YowoError
from yowo.inference.frame_detector import FrameDetector
from yowo.inference.frame_rows import frame_rows
from yowo.inference.frame_tracks import CurrentTracks
from yowo.inference.streaming import FrameResult


class LiveTube(NamedTuple):
    """A tube on a frame: an action of a person, as far as it is known now.

    Attributes:
        number: Of the tube, from 1; it stays the same from frame to frame.
        person: Number of the person, from 1. A person may have several tubes: at the same time, where people do several
            things at once (AVA), or one after the other.
        label: Class from 0.
        name: Of the class.
        score: Of the detection on the frame, 0..1; of the tube where there is none.
        box: x1, y1, x2, y2 in pixels of the frame.
        start: The frame on which the tube began, counted from 0.
    """

    number: int
    person: int
    label: int
    name: str
    score: float
    box: tuple[float, float, float, float]
    start: int


class LiveFrame(NamedTuple):
    """A frame and what is on it.

    Attributes:
        frame: Its position, from 0.
        picture: uint8 [H, W, 3], RGB, as it was given.
        tubes: The tubes that pass through it, best score first.
        detections: What the network found on it, see `Detections`; on a frame that it did not see (`stride`), the boxes
            of the tubes.
    """

    frame: int
    picture: NDArray[np.uint8]
    tubes: list[LiveTube]
    detections: Detections


class LiveTubes:
    """Takes frames one after the other and says at once which tubes are on them.

    Attributes:
        names: Names of the classes.
        frame: Number of frames so far.
    """

    def __init__(
        self,
        detector: FrameDetector,
        tracks: Callable[[], CurrentTracks],
        names: Sequence[str],
        threshold: float,
        stride: int,
    ) -> None:
        """Start before the first frame.

        Args:
            detector: Before its first frame.
            tracks: Makes what links detections.
            names: Names of the C classes.
            threshold: Least score of detections, 0..1.
            stride: The network sees every n-th frame; tubes stay in place in between.
        """
        self.names, self.frame = tuple(names), 0
        self._detector, self._make_tracks = detector, tracks
        self._threshold, self._stride = threshold, stride
        self._tracks = tracks()
        self._shape: tuple[int, ...] | None = None

    def reset(self) -> None:
        """Forget the past: the next frame is the first one of another source, and tubes are numbered from 1 again."""
        self._detector.reset()
        self._tracks, self._shape, self.frame = self._make_tracks(), None, 0

    def step(self, frame: NDArray[np.uint8]) -> list[LiveTube]:
        """Take the next frame.

        A tube is told from its `linker.min_frames`-th frame on, with the frame on which it began.

        Args:
            frame: uint8 [H, W, 3], RGB (OpenCV gives BGR: `frame[..., ::-1]`), of the size of the frames before.

        Returns:
            The tubes on the frame, best score first.

        Raises:
            YowoError: The frame has another size or type.
        """
        return self.result(frame).tubes

    def result(self, frame: NDArray[np.uint8]) -> LiveFrame:
        """Take the next frame, and return it with its tubes and detections; see `step`."""
        self._check(frame)
        place, self.frame = self.frame, self.frame + 1
        (found,) = self._detector.add(frame[None], [place % self._stride == 0])
        rows = None
        if found is not None:
            size = frame.shape[1], frame.shape[0]
            rows = frame_rows(found, size, self._threshold, f"frame {place}")
        known = FrameResult(place, frame, Detections() if found is None else found)
        (done,) = self._tracks.add(known, rows)
        return LiveFrame(place, frame, self._tubes(), done.result.detections)

    def _tubes(self) -> list[LiveTube]:
        found = [
            LiveTube(
                number, t.person, t.label, self.names[t.label], t.score, _corners(t.box_xyxy), t.start * self._stride
            )
            for number, t in self._tracks.current.items()
        ]
        return sorted(found, key=lambda tube: -tube.score)

    def _check(self, frame: NDArray[np.uint8]) -> None:
        shape, kind = tuple(getattr(frame, "shape", ())), getattr(frame, "dtype", type(frame).__name__)
        if len(shape) != 3 or shape[2] != 3 or 0 in shape or kind != np.uint8:
            raise YowoError(f"frame {self.frame}: expected uint8 [H, W, 3], got {kind} {list(shape)}")
        if self._shape not in (None, shape):
            raise YowoError(
                f"frame {self.frame}: expected the size of the frames before, {list(self._shape or ())}, got "
                f"{list(shape)}; resize it, or call reset() for another source"
            )
        self._shape = shape


def _corners(box: NDArray[np.float32]) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box.tolist()
    return x1, y1, x2, y2
