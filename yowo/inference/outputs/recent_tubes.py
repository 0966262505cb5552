"""The tubes of the last minute of a stream: who, what, from when to when, with which score."""

from collections import deque
from dataclasses import dataclass, field

from yowo.inference.tracks import NO_TRACK, TrackedFrame

SPAN = 60.0
"""Seconds of the source that are remembered."""
SAMPLE_SECONDS = 0.5
"""A tube's score is remembered once in this time: the highest one."""
HOLD_SECONDS = 0.25
"""A tube without a detection for this time is no longer on the picture."""
MOST_TUBES = 400
"""Tubes that are remembered; of more, those that ended first are forgotten."""


@dataclass
class RecentTube:
    """A tube that is, or was, on the last minute of frames.

    Attributes:
        tube: Its number, from 1.
        person: Number of the person, from 1.
        label: Class.
        start: Time of its first frame in seconds since the first of the source.
        end: Time at which its newest frame ends.
        score: Of the newest frame, 0..1.
        samples: Times and scores, the latest at most `SAMPLE_SECONDS` old.
    """

    tube: int
    person: int
    label: int
    start: float
    end: float
    score: float
    samples: deque[tuple[float, float]] = field(default_factory=deque)


class RecentTubes:
    """Takes frames and remembers the tubes of the last minute; memory does not grow with the length."""

    def __init__(self, fps: float, span: float = SPAN) -> None:
        """Start without frames.

        Args:
            fps: Frames per second of the source: how long its last frame lasts.
            span: Seconds to remember.
        """
        self.now = 0.0
        self._span, self._frame_seconds = span, 1 / fps
        self._tubes: dict[int, RecentTube] = {}

    def add(self, frame: TrackedFrame) -> None:
        """Take the next frame."""
        began = frame.result.seconds
        self.now = began + self._frame_seconds
        rows = frame.rows
        for tube, person, label, score in zip(
            frame.tracks.tolist(), frame.people.tolist(), rows.labels.tolist(), rows.scores.tolist(), strict=True
        ):
            if tube != NO_TRACK:
                known = self._tubes.get(tube)
                if known is None:
                    known = self._tubes[tube] = RecentTube(tube, person, label, began, self.now, score)
                known.person, known.label, known.end, known.score = person, label, self.now, score
                _sample(known.samples, began, score)
        self._forget()

    def list(self) -> list[RecentTube]:
        """Return the tubes, the people in the order of their numbers, the tubes of each in that of their starts."""
        return sorted(self._tubes.values(), key=lambda tube: (tube.person, tube.start, tube.tube))

    def is_on(self, tube: RecentTube) -> bool:
        """Return whether a tube is on the newest frames."""
        return tube.end >= self.now - HOLD_SECONDS

    def _forget(self) -> None:
        first = self.now - self._span
        gone = [number for number, tube in self._tubes.items() if tube.end < first]
        if len(self._tubes) - len(gone) > MOST_TUBES:
            gone = sorted(self._tubes, key=lambda number: self._tubes[number].end)[: len(self._tubes) - MOST_TUBES]
        for number in gone:
            del self._tubes[number]
        for tube in self._tubes.values():
            while len(tube.samples) > 1 and tube.samples[1][0] <= first:
                tube.samples.popleft()


def _sample(samples: deque[tuple[float, float]], seconds: float, score: float) -> None:
    """Remember a score: that of each `SAMPLE_SECONDS` is the highest one."""
    if samples and seconds - samples[-1][0] < SAMPLE_SECONDS:
        samples[-1] = (samples[-1][0], max(samples[-1][1], score))
    else:
        samples.append((seconds, score))
