"""The track of each detection on a stream of frames: the tube, of any linker, that the detection belongs to."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.inference.streaming import FrameResult
from yowo.tubes.linking import Linker, VideoDetections
from yowo.tubes.online import OnlineLinker
from yowo.tubes.track_bank import greedy_pairs

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
NO_TRACK = 0
LEAST_IOU = 0.3
"""A detection belongs to a tube of its class whose box on the frame overlaps it by more than this."""


class FrameRows(NamedTuple):
    """Detections of a frame, one row per box and class.

    Attributes:
        boxes_xyxy: float32 [n, 4], x1 y1 x2 y2 in pixels.
        scores: float32 [n], 0..1.
        labels: int64 [n], class from 0.
        owners: int64 [n], index of the box among those of the frame; several rows share the box of a person who does
            several things.
    """

    boxes_xyxy: Floats
    scores: Floats
    labels: Ints
    owners: Ints


class TrackedFrame(NamedTuple):
    """A frame, its detections, and the tracks that they belong to.

    Attributes:
        result: The frame.
        rows: Its detections, n rows.
        tracks: int64 [n], number of each row's track (its tube), from 1; `NO_TRACK` for a row without one.
        people: int64 [n], number of the person whom the tube of the row belongs to, from 1; `NO_TRACK` for a row
            without a tube. Tubes of several classes of a person share it, at the same time (AVA) or one after the
            other.
    """

    result: FrameResult
    rows: FrameRows
    tracks: Ints
    people: Ints


class FrameTracks:
    """Gives detections their tracks, frame by frame.

    With `OnlineLinker` a frame comes back `max_delay` frames later, with its final tracks. Any other linker needs all
    frames: frames come back at once without tracks, and `later` gives the tracks in the end.

    Attributes:
        count: Number of tracks so far.
    """

    def __init__(self, linker: Linker, num_classes: int) -> None:
        """Start at the first frame.

        Args:
            linker: Makes the tubes.
            num_classes: C, the number of classes.
        """
        self.count = 0
        self._stream = linker.stream() if isinstance(linker, OnlineLinker) else None
        self._linker = None if self._stream is not None else linker
        self._num_classes = num_classes
        self._waiting: deque[tuple[FrameResult, FrameRows]] = deque()
        self._boxes: dict[int, list[tuple[int, int, Floats]]] = {}
        self._seen: list[FrameRows] = []

    def add(self, result: FrameResult, rows: FrameRows) -> list[TrackedFrame]:
        """Take the next frame.

        Args:
            result: The frame; frames are counted from 0, without gaps.
            rows: Its detections.

        Returns:
            The frames, usually one, whose tracks are now final.
        """
        if self._stream is None:
            if self._linker is not None:
                self._seen.append(rows)
            nothing = np.full(len(rows.labels), NO_TRACK)
            return [TrackedFrame(result, rows, nothing, nothing)]
        self._waiting.append((result, rows))
        for step in self._stream.update(result.frame, rows.boxes_xyxy, rows.scores, rows.labels):
            self._note(step.tube, step.label, step.start, step.boxes_xyxy)
        final = result.frame - self._stream.options.max_delay
        return [self._next() for _ in range(sum(frame.frame <= final for frame, _ in self._waiting))]

    def finish(self) -> list[TrackedFrame]:
        """Return the frames that wait for what follows them, when nothing follows."""
        if self._stream is not None:
            for step in self._stream.finish():
                self._note(step.tube, step.label, step.start, step.boxes_xyxy)
        return [self._next() for _ in range(len(self._waiting))]

    def later(self) -> list[tuple[FrameRows, Ints]]:
        """Link all frames with a linker that needs all of them.

        Returns:
            The rows of each frame, from 0, and their tracks, int64 [n]; empty if frames came back with their tracks.
        """
        if self._linker is None or not self._seen:
            return []
        counts = [len(rows.labels) for rows in self._seen]
        every = VideoDetections(
            frames=np.repeat(np.arange(len(counts)), counts),
            labels=np.concatenate([rows.labels for rows in self._seen]),
            scores=np.concatenate([rows.scores for rows in self._seen]),
            boxes_xyxy=np.concatenate([rows.boxes_xyxy for rows in self._seen]),
            num_frames=len(counts),
        )
        for number, tube in enumerate(self._linker(every, self._num_classes)):
            self._note(number, tube.label, tube.start, tube.boxes)
        return [(rows, tracks_of(rows, self._boxes.pop(frame, ()))) for frame, rows in enumerate(self._seen)]

    def _note(self, tube: int, label: int, start: int, boxes: Floats) -> None:
        self.count = max(self.count, tube + 1)
        for frame, box in enumerate(boxes, start):
            self._boxes.setdefault(frame, []).append((tube + 1, label, box))

    def _next(self) -> TrackedFrame:
        result, rows = self._waiting.popleft()
        tracks = tracks_of(rows, self._boxes.pop(result.frame, ()))
        return TrackedFrame(result, rows, tracks, tracks)


def tracks_of(rows: FrameRows, tubes: Iterable[tuple[int, int, Floats]]) -> Ints:
    """Return the track of each detection of a frame: every tube goes to the detection that it overlaps most.

    Args:
        rows: The n detections.
        tubes: Track number, class and box (x1 y1 x2 y2 in pixels) of the tubes that pass through the frame.

    Returns:
        int64 [n]; `NO_TRACK` for a detection that is in no tube.

    Examples:
        >>> two = np.array([[0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
        >>> rows = FrameRows(two, np.array([0.9, 0.8], np.float32), np.array([1, 1]), np.arange(2))
        >>> tracks_of(rows, [(7, 1, two[1] + 1), (8, 0, two[0])]).tolist()
        [0, 7]
    """
    tracks = np.full(len(rows.labels), NO_TRACK)
    known: Sequence[tuple[int, int, Floats]] = list(tubes)
    if known and len(tracks):
        boxes = np.stack([box for _, _, box in known]).astype(np.float64)
        overlap = pair_iou(boxes[:, None], rows.boxes_xyxy.astype(np.float64)[None])
        same = np.array([label for _, label, _ in known])[:, None] == rows.labels
        which, own = greedy_pairs(overlap, same & (overlap > LEAST_IOU))
        tracks[own] = np.array([number for number, _, _ in known])[which]
    return tracks
