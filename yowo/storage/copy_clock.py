"""Presentation times of a copy's frames: exactly those of the source."""

import hashlib
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yowo.video.frame_index import FrameIndex
from yowo.video.frame_times import SAME_START
from yowo.video.packets import NO_TIME

FINEST = 2**31 - 1
"""Largest time scale of an MP4 file, in ticks per second (ISO/IEC 14496-12, 8.4.2, as FFmpeg reads it)."""


class Clock(NamedTuple):
    """The presentation times of a copy's frames.

    Attributes:
        ticks: int64 [n], increasing: presentation time of each frame in ticks since the start of playback.
        rate: Ticks per second.
        last: Duration of the last frame in ticks.
    """

    ticks: NDArray[np.int64]
    rate: int
    last: int

    @property
    def delay(self) -> Fraction:
        """Seconds until the first frame is shown; above 0 if the source's audio starts before its video."""
        return Fraction(int(self.ticks[0]), self.rate)

    @property
    def identity(self) -> str:
        """SHA-256 of the frame times in microseconds: equal for videos with equal frame times."""
        moments = np.rint(self.ticks * (1e6 / self.rate)).astype("<i8")
        return hashlib.sha256(moments.tobytes()).hexdigest()


def copy_clock(index: FrameIndex) -> Clock:
    """Return the presentation times for a copy of the video with this frame index.

    Frame n of the copy has the time of frame n of the source, both as `yowo.video.frame_times.times_of` computes them:
    playback starts with the first frame, or with the audio if that starts earlier. If the source's times do not
    increase, the frames are spaced evenly at the source's average frame rate.
    """
    if index.times[0] == NO_TIME or (np.diff(index.times) <= 0).any():
        fps = Fraction(index.fps).limit_denominator(max(1, FINEST // (int(index.fps) + 1)))
        return Clock(np.arange(len(index.times)) * fps.denominator, fps.numerator, fps.denominator)
    begin = int(index.times[0])
    delay = Fraction(0) if index.origin is None else begin * index.tick - index.origin
    delay = delay if delay > SAME_START else Fraction(0)
    rate = lcm(index.tick.denominator, delay.denominator)
    rate = rate if rate <= FINEST else index.tick.denominator
    step = int(index.tick * rate)
    ticks = (index.times - begin) * step + round(delay * rate)
    return Clock(ticks, rate, max(1, round(rate / index.fps)))
