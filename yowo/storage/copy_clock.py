"""When the frames of a copy are shown: at the times of the source, to the last digit."""

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
"""Ticks a second that an MP4 file can count at most (ISO/IEC 14496-12, 8.4.2, as FFmpeg reads it)."""


class Clock(NamedTuple):
    """The times of a copy's frames.

    Attributes:
        ticks: int64 [n], rising: when each frame is shown, counted from where a player begins.
        rate: Ticks a second.
        last: Ticks that the last frame is shown for.
    """

    ticks: NDArray[np.int64]
    rate: int
    last: int

    @property
    def delay(self) -> Fraction:
        """Seconds until the first frame is shown; above 0 where sound began before the pictures."""
        return Fraction(int(self.ticks[0]), self.rate)

    @property
    def identity(self) -> str:
        """SHA-256 of the times in microseconds: the same for films whose frames are shown at the same moments."""
        moments = np.rint(self.ticks * (1e6 / self.rate)).astype("<i8")
        return hashlib.sha256(moments.tobytes()).hexdigest()


def copy_clock(index: FrameIndex) -> Clock:
    """Return the clock of a copy of the file with this index.

    Frame n of the copy is shown when frame n of the source is, as `yowo.video.frame_times.times_of` tells both: the
    film begins with its first frame, unless sound began before it; films whose times do not rise keep their average
    rate.
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
