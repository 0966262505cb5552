"""When the frames of a stream were taken, from timestamps that may be missing, jump, or begin anew."""

MOST_GAP = 10.0
"""Seconds by which a timestamp may run ahead of the frame before it; beyond them it belongs to another clock."""
MOST_BACK = 1.0
"""Seconds by which a timestamp may lie before the frame before it; beyond them it belongs to another clock."""
LEAST = 1e-3
"""Seconds from one frame to the next at least."""


class LiveClock:
    """Gives each frame its time since the first one; times always rise."""

    def __init__(self, step: float, live: bool, stamped: bool = True) -> None:
        """Start before the first frame.

        Args:
            step: Usual seconds from one frame to the next.
            live: Whether frames come when they are taken, so that the time of arrival tells what timestamps do not: how
                long there was no connection. Otherwise frames are `step` apart then.
            stamped: Whether frames have timestamps; of a live source without them the arrival tells the time.
        """
        self._step, self._live, self._stamped = step, live, stamped
        self._last: float | None = None
        self._fresh = True
        self._offset: float | None = None
        self._begin = float("inf")

    def restart(self) -> None:
        """Say that the next frame is the first one of a new connection, whose timestamps are of another clock."""
        self._fresh, self._offset = True, None

    def seconds(self, stamp: float | None, arrived: float) -> float:
        """Return the time of the next frame, in seconds since the first one.

        Args:
            stamp: Its timestamp in seconds; None if it has none.
            arrived: When it came, in seconds on a clock of this machine.

        Examples:
            >>> clock = LiveClock(step=0.04, live=True)
            >>> frames = ((7.0, 100.0), (7.5, 100.9), (None, 101.4))
            >>> [round(clock.seconds(stamp, arrived), 3) for stamp, arrived in frames]
            [0.0, 0.5, 0.54]
        """
        last = self._last
        if last is None:
            now = 0.0
        elif self._fresh:
            now = self._by_arrival(last, arrived)
        elif stamp is not None and self._offset is not None:
            now = self._told(last, stamp + self._offset, arrived)
        else:
            now = last + self._step if self._stamped else self._by_arrival(last, arrived)
        if stamp is not None and self._offset is None:
            self._offset = now - stamp
        self._fresh, self._last, self._begin = False, now, min(self._begin, arrived - now)
        return now

    def _told(self, last: float, told: float, arrived: float) -> float:
        """Return the time that a timestamp tells, unless it is of another clock."""
        guess = self._by_arrival(last, arrived)
        if last - MOST_BACK < told <= max(guess, last + self._step) + MOST_GAP:
            return max(told, last + LEAST)
        self._offset = None
        return guess

    def _by_arrival(self, last: float, arrived: float) -> float:
        """Return when a frame was taken by the time of its arrival, or of what is not live by the rate."""
        return max(arrived - self._begin if self._live else last + self._step, last + LEAST)
