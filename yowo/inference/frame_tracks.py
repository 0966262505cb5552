"""Tubes and people on the frames of a stream, from the detections on the frames that the network saw.

The network sees every frame, or every n-th (`stride`): the key frames. Linkers get the key frames only and count them;
on the frames in between tubes are carried, see `yowo.inference.carried`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Tube
from yowo.inference.carried import Carried, between, carried_frame
from yowo.inference.streaming import FrameResult
from yowo.inference.tracks import FrameRows, FrameTube, TrackedFrame, tracks_of
from yowo.tubes.identities import PersonNumbers
from yowo.tubes.online import OnlineLinker, TubeStep

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


class TubeBox(NamedTuple):
    """A tube on a key frame.

    Attributes:
        number: Of the tube, from 0.
        label: Class from 0.
        box_xyxy: float32 [4], x1 y1 x2 y2 in pixels.
        score: Of the tube, 0..1.
        start: First key frame of the tube, as far as it is known.
    """

    number: int
    label: int
    box_xyxy: Floats
    score: float
    start: int


class FrameTracks(Protocol):
    """Gives the frames of one source their tubes, in order.

    Attributes:
        tubes: Number of tubes so far.
        people: Number of people so far.
    """

    @property
    def tubes(self) -> int:
        """Number of tubes so far."""

    @property
    def people(self) -> int:
        """Number of people so far."""

    def add(self, result: FrameResult, rows: FrameRows | None) -> list[TrackedFrame]:
        """Take the next frame.

        Args:
            result: The frame.
            rows: Its detections; None for a frame that the network did not see. The first frame has some.

        Returns:
            The frames, from none to several, whose tubes are now decided.
        """

    def finish(self) -> list[TrackedFrame]:
        """Return the frames that wait for what follows them, when nothing follows."""


class _Settled:
    """Gives key frames, in order, tracks and people; and the frames in between what is carried."""

    def __init__(self, num_classes: int) -> None:
        self.numbers = PersonNumbers()
        self.tubes = 0
        self._num_classes = num_classes
        self._classes: int | None = None
        self._count = 0
        self._carry: Callable[[], dict[int, Carried]] = dict

    @property
    def past(self) -> dict[int, Carried]:
        """The tubes of the newest key frame, by number from 1; made only where they are carried."""
        return self._carry()

    def key(self, result: FrameResult, rows: FrameRows, tubes: Sequence[TubeBox]) -> TrackedFrame:
        """Return a key frame with its tubes; they are those that later frames are carried from."""
        frame, self._count = self._count, self._count + 1
        self._classes = None if "labels" in result.detections else self._num_classes
        numbers = np.array([tube.number for tube in tubes], np.int64)
        labels = np.array([tube.label for tube in tubes], np.int64)
        boxes = np.array([tube.box_xyxy for tube in tubes], np.float32).reshape(-1, 4)
        people = self.numbers.of_frame(frame, numbers, labels, boxes)
        tracks = tracks_of(rows, [(tube.number + 1, tube.label, tube.box_xyxy) for tube in tubes])
        self.tubes = max(self.tubes, int(numbers.max(initial=-1)) + 1)
        order = np.argsort(numbers)
        owners = np.zeros(len(tracks), np.int64)
        owners[tracks > 0] = people[order][np.searchsorted(numbers[order], tracks[tracks > 0] - 1)]
        paths = [
            FrameTube(tube.number + 1, person, tube.label, (x1, y1, x2, y2), tube.score)
            for tube, person, (x1, y1, x2, y2) in zip(tubes, people.tolist(), boxes.tolist(), strict=True)
        ]
        self._carry = cache(partial(_carried, rows, tubes, paths, tracks))
        return TrackedFrame(result, rows, tracks, owners, paths)

    def group(
        self, passed: Sequence[FrameResult], result: FrameResult, rows: FrameRows, tubes: Sequence[TubeBox]
    ) -> list[TrackedFrame]:
        """Return a key frame and, before it, those that were passed over since the last one."""
        carry, classes = self._carry, self._classes
        last = self.key(result, rows, tubes)
        if not passed:
            return [last]
        before = carry()
        shares = np.arange(1, len(passed) + 1) / (len(passed) + 1)
        frames = [
            carried_frame(frame, between(before, self.past, share), classes)
            for frame, share in zip(passed, shares.tolist(), strict=True)
        ]
        return [*frames, last]

    def held(self, passed: Iterable[FrameResult]) -> list[TrackedFrame]:
        """Return frames after the last key frame, whose tubes stay where they are."""
        return [carried_frame(frame, between(self.past, None, 0), self._classes) for frame in passed]


def _carried(rows: FrameRows, tubes: Sequence[TubeBox], paths: Sequence[FrameTube], tracks: Ints) -> dict[int, Carried]:
    """Return the tubes of a key frame by number from 1; where the network sees one, with the box and score of that.

    Args:
        rows: Detections of the frame.
        tubes: Its n tubes.
        paths: The same for those who take the frame.
        tracks: int64 [rows], numbers of the tubes that the detections belong to, from 1.
    """
    place = {number: row for row, number in enumerate(tracks.tolist()) if number}
    carried = {}
    for tube, path in zip(tubes, paths, strict=True):
        row = place.get(path.track)
        box, score = (tube.box_xyxy, tube.score) if row is None else (rows.boxes_xyxy[row], float(rows.scores[row]))
        carried[path.track] = Carried(tube.label, path.person, box, score, tube.start, path)
    return carried


class _Base:
    def __init__(self, num_classes: int) -> None:
        self._settled = _Settled(num_classes)

    @property
    def tubes(self) -> int:
        """Number of tubes so far."""
        return self._settled.tubes

    @property
    def people(self) -> int:
        """Number of people so far."""
        return self._settled.numbers.count


class FinalTracks(_Base):
    """Final tubes of `OnlineLinker`: a frame comes back when `max_delay` more key frames have come."""

    def __init__(self, linker: OnlineLinker, num_classes: int, stride: int = 1) -> None:
        """Start before the first frame.

        Args:
            linker: Makes the tubes.
            num_classes: C.
            stride: Frames from one key frame to the next.
        """
        super().__init__(num_classes)
        self._stream = linker.sampled(stride).stream()
        self._keys = 0
        self._next = 0
        self._passed: list[FrameResult] = []
        self._waiting: deque[tuple[list[FrameResult], FrameResult, FrameRows]] = deque()
        self._boxes: dict[int, list[TubeBox]] = {}

    def add(self, result: FrameResult, rows: FrameRows | None) -> list[TrackedFrame]:
        """Take the next frame, see `FrameTracks.add`."""
        if rows is None:
            self._passed.append(result)
            return []
        self._waiting.append((self._passed, result, rows))
        self._passed = []
        self._note(self._stream.update(self._keys, rows.boxes_xyxy, rows.scores, rows.labels))
        self._keys += 1
        return self._until(self._keys - 1 - self._stream.options.max_delay)

    def finish(self) -> list[TrackedFrame]:
        """Return the frames that wait."""
        self._note(self._stream.finish())
        frames = self._until(self._keys)
        passed, self._passed = self._passed, []
        return [*frames, *self._settled.held(passed)]

    def _until(self, final: int) -> list[TrackedFrame]:
        """Return the frames up to a key frame, by its number."""
        frames: list[TrackedFrame] = []
        while self._waiting and self._next <= final:
            frames += self._settled.group(*self._waiting.popleft(), self._boxes.pop(self._next, []))
            self._next += 1
        return frames

    def _note(self, steps: Iterable[TubeStep]) -> None:
        for step in steps:
            for key, box in enumerate(step.boxes_xyxy, step.start):
                self._boxes.setdefault(key, []).append(TubeBox(step.tube, step.label, box, step.score, key))


class CurrentTracks(_Base):
    """Tubes of `OnlineLinker` as far as they are known when a frame comes: each frame comes back at once."""

    def __init__(self, linker: OnlineLinker, num_classes: int, stride: int = 1) -> None:
        """Start before the first frame.

        Args:
            linker: Makes the tubes.
            num_classes: C.
            stride: Frames from one key frame to the next.
        """
        super().__init__(num_classes)
        self._stream = linker.sampled(stride).stream()
        self._keys = 0

    @property
    def current(self) -> Mapping[int, Carried]:
        """The tubes on the newest frame, by number from 1."""
        return self._settled.past

    def add(self, result: FrameResult, rows: FrameRows | None) -> list[TrackedFrame]:
        """Take the next frame, see `FrameTracks.add`; tubes of frames that the network did not see stay in place."""
        if rows is None:
            return self._settled.held([result])
        self._stream.update(self._keys, rows.boxes_xyxy, rows.scores, rows.labels)
        self._keys += 1
        now = [TubeBox(t.tube, t.label, t.box_xyxy, t.score, t.start) for t in self._stream.current()]
        return [self._settled.key(result, rows, now)]

    def finish(self) -> list[TrackedFrame]:
        """Return nothing: no frame waits."""
        return []


class LinkedTracks(_Base):
    """Tubes of a linker that has seen all key frames, on a second pass over the frames."""

    def __init__(self, tubes: Iterable[Tube], num_classes: int) -> None:
        """Start before the first frame.

        Args:
            tubes: All tubes, in key frames, boxes in pixels.
            num_classes: C.
        """
        super().__init__(num_classes)
        self._later = deque(sorted(enumerate(tubes), key=lambda item: item[1].start))
        self._open: list[tuple[int, Tube]] = []
        self._keys = 0
        self._passed: list[FrameResult] = []

    def add(self, result: FrameResult, rows: FrameRows | None) -> list[TrackedFrame]:
        """Take the next frame, see `FrameTracks.add`."""
        if rows is None:
            self._passed.append(result)
            return []
        key, self._keys = self._keys, self._keys + 1
        while self._later and self._later[0][1].start <= key:
            self._open.append(self._later.popleft())
        self._open = [(number, tube) for number, tube in self._open if key < tube.start + len(tube.boxes)]
        here = [TubeBox(number, t.label, t.boxes[key - t.start], t.score, t.start) for number, t in self._open]
        passed, self._passed = self._passed, []
        return self._settled.group(passed, result, rows, here)

    def finish(self) -> list[TrackedFrame]:
        """Return the frames after the last key frame."""
        passed, self._passed = self._passed, []
        return self._settled.held(passed)
