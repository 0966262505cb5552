"""The time limit of `yowo demo`: what is left for training, and how many videos can be tested in the rest."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

AFTER_TRAINING = 0.15
"""Share of the limit that training leaves for tests and pictures."""
FOR_PICTURES = 0.05
"""Share of the limit that tests leave for pictures and the report."""
LEAST_TRAINING = 5.0
"""Seconds; training gets them however little is left."""
STARTED = 19
"""Place of the start time in /proc/self/stat, counted from the field after the program's name."""
LEAST_VIDEOS = 8
"""Videos that are tested however little time is left: one of each action."""


def process_age() -> float:
    """Return the seconds since this process began; where the system does not tell, its CPU seconds."""
    try:
        started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[STARTED])
        return float(Path("/proc/uptime").read_text().split()[0]) - started / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()


def _process_begin() -> float:
    return time.perf_counter() - process_age()


@dataclass(frozen=True)
class TimeLimit:
    """One limit for everything that a command does.

    Attributes:
        seconds: The limit; None for none.
        begin: When the time began, on the clock of `time.perf_counter`.
    """

    seconds: float | None
    begin: float = field(default_factory=_process_begin)

    def spent(self) -> float:
        """Return the seconds since the beginning."""
        return time.perf_counter() - self.begin

    def for_training(self) -> float | None:
        """Return the seconds that training may take from now on; None without a limit."""
        if self.seconds is None:
            return None
        return max(LEAST_TRAINING, self.seconds * (1 - AFTER_TRAINING) - self.spent())

    def for_tests(self) -> float | None:
        """Return the seconds that tests may take from now on; None without a limit."""
        if self.seconds is None:
            return None
        return max(0.0, self.seconds * (1 - FOR_PICTURES) - self.spent())


def videos_in_time(names: Sequence[str], seconds: float | None, a_video: float) -> list[str]:
    """Return as many of the first videos as can be tested in time.

    Args:
        names: The held-out videos.
        seconds: Time for them; None for any.
        a_video: Seconds that a video takes.
    """
    count = len(names) if seconds is None else int(seconds / max(a_video, 1e-9))
    return list(names[: max(LEAST_VIDEOS, count)])


def timed(job: Callable[[], object]) -> float:
    """Return the seconds of a job, the quicker of two times: the first one may read files and allocate memory."""
    seconds = []
    for _ in range(2):
        begin = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)
