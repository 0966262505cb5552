"""Receives the pictures of a stream in a thread of its own, and connects again when it breaks off."""

import logging
import threading
from collections.abc import Mapping
from itertools import pairwise
from statistics import median
from time import monotonic
from typing import Any, NamedTuple

from yowo.errors import ConfigError, VideoError
from yowo.progress import duration
from yowo.video.frame_queue import LATE, FrameQueue
from yowo.video.live_address import advice, can_be_opened_again, is_redirected_file, opening
from yowo.video.live_connection import LIKELY_FPS, LiveConnection, Picture, reason
from yowo.video.packets import DECODING_ERRORS
from yowo.video.source_names import STANDARD_INPUT, shown

log = logging.getLogger(__name__)
LATENCIES = ("low", "none")
TRANSPORTS = ("tcp", "udp")
FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
"""Seconds before the first attempt to connect again, and at most; each wait is twice the one before."""
MOST_BYTES = 128 << 20
"""Bytes of the decoded pictures that wait to be read."""
MOST_FRAMES = 256
END = 1.0
"""Seconds that closing waits for the thread; one that waits for a device ends when it hears of it."""
AGAIN = 120.0
"""Seconds that a playlist of a stream reaches back at most."""
MEASURED = 12
"""Pictures after which the rate of a stream without timestamps is known."""
MEASURING = 2.0
"""Seconds after which it is computed from those that have come."""


class LivePolicy(NamedTuple):
    """What is done when frames come too fast, or not at all.

    Attributes:
        latency: "low" leaves out frames that are late; "none" lets the sender wait.
        transport: What carries RTSP: "tcp" or "udp".
        timeout: Seconds without a frame after which a connection counts as broken.
        reconnect: Attempts in a row to connect again; None for no limit.
    """

    latency: str = "low"
    transport: str = "tcp"
    timeout: float = 10.0
    reconnect: int | None = 10

    def check(self) -> None:
        """Check the values.

        Raises:
            ConfigError: One is not possible.
        """
        if self.latency not in LATENCIES:
            raise ConfigError(f"latency: expected low or none, got {self.latency}")
        if self.transport not in TRANSPORTS:
            raise ConfigError(f"reader.transport: expected tcp or udp, got {self.transport}")
        if isinstance(self.timeout, bool) or not isinstance(self.timeout, (int, float)) or not self.timeout > 0:
            raise ConfigError(f"reader.timeout: expected a number of seconds above 0, got {self.timeout}")
        limit = self.reconnect
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
            raise ConfigError(f"reader.reconnect: expected a number of attempts of at least 0, or null, got {limit}")


class LiveReceiver:
    """The thread, and what it has found out.

    Attributes:
        queue: The pictures that wait; the first one is in it when `live`, `fps` and `codec` are known.
        live: Whether pictures come at their own pace; not so for a recording.
        fps: Frames per second, as the stream tells.
        codec: FFmpeg's name of the codec.
        stamped: Whether pictures have timestamps.
        damaged: Number of pictures left out because they are damaged.
    """

    def __init__(self, address: str, policy: LivePolicy, options: Mapping[str, Any]) -> None:
        """Start the thread, which connects.

        Args:
            address: See `yowo.video.source_names.Source`.
            policy: Checked.
            options: Options of FFmpeg's format.

        Raises:
            ConfigError: There is nothing to open.
        """
        self._opening = opening(address, policy.transport, policy.timeout, options)
        self._address, self._policy, self._name = address, policy, shown(address)
        self.queue: FrameQueue[Picture] = FrameQueue(1)
        self.live, self.fps, self.codec, self.stamped = True, 0.0, "", True
        self.damaged = self._received = 0
        self._stop = threading.Event()
        self._measured = threading.Event()
        self._arrivals: list[float] = []
        self._last_stamp: float | None = None
        self._heard, self._silent, self._pausing = monotonic(), False, False
        self._thread = threading.Thread(target=self._run, name="receiving", daemon=True)
        self._thread.start()

    def measured_fps(self) -> float:
        """Return the frames per second at which pictures come; it waits until some have come."""
        self._measured.wait(MEASURING)
        came = self._arrivals[:MEASURED]
        gaps = [later - earlier for earlier, later in pairwise(came)]
        found = 1 / max(median(gaps), 1e-6) if len(gaps) > 1 else self.fps
        return round(found, 2) if LIKELY_FPS[0] <= found <= LIKELY_FPS[1] else self.fps

    def waiting(self) -> None:
        """Look, while nothing comes, whether that is to be told: FFmpeg itself waits for devices and pipes for ever.

        Raises:
            VideoError: A camera gives nothing.
        """
        quiet = self._opening.interruptible or self._silent or self._pausing
        if quiet or monotonic() - self._heard < self._policy.timeout:
            return
        self._silent = True
        words = f"{self._name}: nothing came for {self._policy.timeout:g} seconds"
        if self._address != STANDARD_INPUT:
            raise VideoError(f"{words}; check whether another program uses it, or give it longer by reader.timeout=")
        log.warning("%s; waiting", words)

    def close(self) -> None:
        """Stop the thread."""
        self._stop.set()
        self.queue.close()
        self._thread.join(END)

    def _run(self) -> None:
        """Receive until the end; runs in the thread."""
        try:
            self._receive_all()
        except VideoError as error:
            self.queue.end(error)
        except BaseException as error:
            self.queue.end(VideoError(f"{self._name}: {type(error).__name__}: {error}"))
        else:
            self.queue.end()

    def _receive_all(self) -> None:
        number, failed, lost_at = 0, 0, 0.0
        while True:
            before, error = self._received, None
            try:
                with LiveConnection(self._opening, self._policy.timeout) as connection:
                    if number and connection.finite:
                        return  # a stream that has ended is now a recording of itself
                    self._receive(connection, number, lost_at if failed else None)
            except (*DECODING_ERRORS, VideoError) as caught:
                error = caught
            if self._stop.is_set():
                return
            words = self._why(error)
            if not self._received:
                raise VideoError(f"{self._name}: cannot be opened ({words}); {advice(self._address)}")
            if not self.live or not can_be_opened_again(self._address) or self._policy.reconnect == 0:
                if error is None:
                    return
                raise VideoError(f"{self._name}: broke off after {self._received} frames ({words})")
            if self._received > before:
                failed, lost_at = 0, monotonic()
            self._wait(failed, words, lost_at)
            number, failed = number + 1, failed + 1

    def _why(self, error: Exception | None) -> str:
        """Return in words why a connection ended; an error after a silence is one because of it."""
        if error is not None and self._received and monotonic() - self._heard >= self._policy.timeout:
            return f"nothing came for {self._policy.timeout:g} seconds"
        return "the stream ended" if error is None else reason(error, self._policy.timeout)

    def _receive(self, connection: LiveConnection, number: int, lost_at: float | None) -> None:
        """Put the pictures of a connection into the queue.

        Raises:
            FFmpegError, OSError, VideoError: The connection broke.
        """
        damaged = self.damaged
        for picture in connection.pictures():
            if connection.piecewise and self._came_before(picture):
                continue
            self._heard, self._silent = monotonic(), False
            if not self._received:
                self._learn(connection, picture)
            if lost_at is not None:
                log.warning("%s: connected again after %s", self._name, duration(monotonic() - lost_at))
                lost_at = None
            self._received += 1
            self.damaged = damaged + connection.damaged
            if len(self._arrivals) < MEASURED:
                self._arrivals.append(self._heard)
            else:
                self._measured.set()
            if not self.queue.put(picture._replace(connection=number)) or self._stop.is_set():
                return
            self._heard = monotonic()
        self.damaged = damaged + connection.damaged

    def _came_before(self, picture: Picture) -> bool:
        """Return whether a table of files gives a picture again; timestamps far before belong to another recording."""
        last, stamp = self._last_stamp, picture.stamp
        if stamp is not None and last is not None and last - AGAIN < stamp <= last:
            return True
        self._last_stamp = stamp
        return False

    def _learn(self, connection: LiveConnection, first: Picture) -> None:
        """Note what the first connection and its first picture tell."""
        self.live = not (is_redirected_file(self._address) or connection.finite)
        self.fps, self.codec, self.stamped = connection.fps, connection.codec, connection.stamped
        size = max(1, first.frame.width * first.frame.height * 3)
        late = LATE if self.live and self._policy.latency == "low" else None
        self.queue.limit(max(4, min(MOST_FRAMES, MOST_BYTES // size)), late)

    def _wait(self, failed: int, words: str, lost_at: float) -> None:
        """Wait before the next attempt to connect.

        Raises:
            VideoError: There were as many as the policy allows.
        """
        limit = self._policy.reconnect
        if limit is not None and failed >= limit:
            tried = "1 attempt" if failed == 1 else f"{failed} attempts"
            raise VideoError(
                f"{self._name}: broke off after {self._received} frames, and {tried} to connect again within "
                f"{duration(monotonic() - lost_at)} failed ({words}); reader.reconnect=null never gives up"
            )
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(failed, 30))
        of = "" if limit is None else f" of {limit}"
        log.warning(
            "%s: lost (%s); connecting again in %.0f s (attempt %d%s)", self._name, words, delay, failed + 1, of
        )
        self._pausing = True
        self._stop.wait(delay)
        self._heard, self._pausing = monotonic(), False
