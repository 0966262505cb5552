"""The tubes of the last minute of a stream: who, what, from when to when, with which score."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from yowo.inference.colours import Colour, identity_colour
from yowo.inference.tracks import TrackedFrame

SPAN = 60.0
"""Seconds of the source that are remembered."""
SAMPLE_SECONDS = 0.5
"""A tube's score is remembered once in this time: the highest one."""
MOST_TUBES = 400
"""Tubes that are remembered; of more, those that ended first are forgotten."""


class Painter(Protocol):
    """Draws what was found on frames."""

    def paint(self, frame: TrackedFrame) -> NDArray[np.uint8]:
        """Return the picture of a frame, uint8 [H, W, 3], RGB, which nobody changes."""

    def colours(self, frame: TrackedFrame) -> Sequence[Colour]:
        """Return the colour of each row of a frame."""


@dataclass
class RecentTube:
    """A tube that is, or was, on the last minute of frames.

    Attributes:
        tube: Its number, from 1.
        person: Number of the person, from 1.
        label: Class.
        start: Time of its first frame in seconds since the first of the source.
        end: Time at which its newest frame ends.
        score: Of its newest detection, 0..1.
        colour: (red, green, blue) of 0..255, as on the pictures.
        samples: Times and scores, the latest at most `SAMPLE_SECONDS` old.
    """

    tube: int
    person: int
    label: int
    start: float
    end: float
    score: float
    colour: Colour
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

    def add(self, frame: TrackedFrame, painter: Painter) -> None:
        """Take the next frame.

        Args:
            frame: The frame.
            painter: Knows the colours of tubes, and is asked when a tube begins.
        """
        began = frame.result.seconds
        self.now = began + self._frame_seconds
        scores = dict(zip(frame.tracks.tolist(), frame.rows.scores.tolist(), strict=True))
        if any(tube.track not in self._tubes for tube in frame.tubes):
            self._begin(frame, painter)
        for tube in frame.tubes:
            known = self._tubes[tube.track]
            known.end, known.score = self.now, scores.get(tube.track, known.score)
            _sample(known.samples, began, known.score)
        self._forget()

    def list(self) -> list[RecentTube]:
        """Return the tubes, the people in the order of their numbers, the tubes of each in that of their starts."""
        return sorted(self._tubes.values(), key=lambda tube: (tube.person, tube.start, tube.tube))

    def is_on(self, tube: RecentTube) -> bool:
        """Return whether a tube is on the newest frame."""
        return tube.end >= self.now

    def _begin(self, frame: TrackedFrame, painter: Painter) -> None:
        """Remember the tubes that are new on a frame; the one of a person has the colour of that person's others."""
        colours = dict(zip(frame.tracks.tolist(), painter.colours(frame), strict=True))
        for tube in frame.tubes:
            if tube.track not in self._tubes:
                colour = colours.get(tube.track) or identity_colour(tube.person)
                self._tubes[tube.track] = RecentTube(
                    tube.track, tube.person, tube.label, frame.result.seconds, self.now, tube.score, colour
                )

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
