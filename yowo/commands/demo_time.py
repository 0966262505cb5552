"""The time limit of `yowo demo`: what is left for training, and how many videos can be tested in the rest."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

AFTER_TRAINING = 0.15
"""Share of the limit that training leaves for tests and pictures."""
FOR_PICTURES = 0.05
"""Share of the limit that tests leave for pictures and the report."""
LEAST_TRAINING = 5.0
"""Seconds; training gets them however little is left."""
LEAST_VIDEOS = 8
"""Videos that are tested however little time is left: one of each action."""


def _since_start() -> float:
    """Return when this process began, on the clock of `time.perf_counter`: imports so far took CPU time only."""
    return time.perf_counter() - time.process_time()


@dataclass(frozen=True)
class TimeLimit:
    """One limit for everything that a command does.

    Attributes:
        seconds: The limit; None for none.
        begin: When the time began, on the clock of `time.perf_counter`.
    """

    seconds: float | None
    begin: float = field(default_factory=_since_start)

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
