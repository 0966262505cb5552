"""How fast a stream is worked on: frames per second, and the time that frames take from the source to the outputs."""

import threading
from collections import deque
from time import monotonic

WINDOW = 5.0
"""Seconds that the rate is measured over."""
LATENCIES = 100
"""Frames that the latency is the median of."""


class StreamMeter:
    """Counts frames in one thread and may be asked in others.

    Attributes:
        frames: Frames that the outputs have.
        dropped: Frames of a live source that were left out because they came too fast.
    """

    def __init__(self) -> None:
        """Start before the first frame."""
        self.frames = self.dropped = 0
        self._came: dict[int, float] = {}
        self._done: deque[float] = deque()
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self._lock = threading.Lock()

    def came(self, first: int, count: int = 1) -> None:
        """Note that the source gave frames.

        Args:
            first: Position of the first of them.
            count: How many.
        """
        now = monotonic()
        with self._lock:
            self._came.update(dict.fromkeys(range(first, first + count), now))

    def done(self, frame: int) -> None:
        """Note that the outputs have the frame at a position."""
        now = monotonic()
        with self._lock:
            self.frames += 1
            self._done.append(now)
            while now - self._done[0] > WINDOW:
                self._done.popleft()
            came = self._came.pop(frame, None)
            if came is not None:
                self._latencies.append(now - came)

    @property
    def fps(self) -> float:
        """Frames per second of the last seconds; 0 before the second frame."""
        with self._lock:
            now = monotonic()
            recent = [moment for moment in self._done if now - moment <= WINDOW]
        return (len(recent) - 1) / max(now - recent[0], 1e-9) if len(recent) > 1 else 0.0

    @property
    def latency(self) -> float:
        """Median of the seconds from the source to the outputs, of the last frames; 0 before the first frame."""
        with self._lock:
            times = sorted(self._latencies)
        return times[len(times) // 2] if times else 0.0

    def rate(self) -> str:
        """Return the rate as text, such as "24.8 FPS"."""
        return f"{self.fps:.1f} FPS"

    def words(self) -> str:
        """Return rate, latency and dropped frames as text, such as "24.8 FPS, latency 0.12 s, 3 dropped"."""
        dropped = f", {self.dropped:,} dropped" if self.dropped else ""
        return f"{self.rate()}, latency {self.latency:.2f} s{dropped}"
