"""When the frames of a stream were taken, from timestamps that may be missing, jump, or begin anew."""

MOST_GAP = 10.0
"""Seconds by which a timestamp may run ahead of the frame before it; beyond them it belongs to another clock."""
MOST_BACK = 1.0
"""Seconds by which a timestamp may lie before the frame before it; beyond them it belongs to another clock."""
LEAST = 1e-3
"""Seconds from one frame to the next at least."""


class LiveClock:
    """Gives each frame its time since the first one; times always rise."""

    def __init__(self, step: float, live: bool) -> None:
        """Start before the first frame.

        Args:
            step: Usual seconds from one frame to the next.
            live: Whether frames come when they are taken, so that where a timestamp tells nothing, the time of arrival
                does; otherwise they are `step` apart.
        """
        self._step, self._live = step, live
        self._last: float | None = None
        self._stamped = False
        self._offset = 0.0
        self._begin = float("inf")

    def restart(self) -> None:
        """Say that the timestamps that follow are of another clock, as after a new connection."""
        self._stamped = False

    def seconds(self, stamp: float | None, arrived: float) -> float:
        """Return the time of the next frame, in seconds since the first one.

        Args:
            stamp: Its timestamp in seconds; None if it has none.
            arrived: When it came, in seconds on a clock of this machine.

        Examples:
            >>> clock = LiveClock(step=0.04, live=True)
            >>> frames = ((7.0, 100.0), (7.5, 100.9), (None, 101.4))
            >>> [round(clock.seconds(stamp, arrived), 3) for stamp, arrived in frames]
            [0.0, 0.5, 1.4]
        """
        guess = self._guess(arrived)
        now = guess
        if stamp is not None:
            told = stamp + self._offset
            ahead = max(guess, (self._last or 0.0) + self._step) + MOST_GAP
            if self._stamped and self._last is not None and self._last - MOST_BACK < told <= ahead:
                now = max(told, self._last + LEAST)
            else:
                self._offset = now - stamp
            self._stamped = True
        self._last, self._begin = now, min(self._begin, arrived - now)
        return now

    def _guess(self, arrived: float) -> float:
        """Return when a frame was taken if its timestamp does not tell; that of the first frame is 0."""
        if self._last is None:
            return 0.0
        return max(arrived - self._begin if self._live else self._last + self._step, self._last + LEAST)
