"""A page for browsers: the live picture, the tubes of the last minute, and how fast detection is."""

import logging
import secrets
import threading
from collections import deque
from collections.abc import Callable
from functools import cache
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yowo.inference.drawing import class_colour, identity_colour
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.outputs.live_picture import LivePicture
from yowo.inference.outputs.page_address import read_address
from yowo.inference.outputs.page_server import PageServer
from yowo.inference.outputs.recent_tubes import SPAN, RecentTube, RecentTubes
from yowo.inference.tracks import TrackedFrame

log = logging.getLogger(__name__)
RATE_SECONDS = 5.0
"""Frames per second are counted over this time."""
MOST_SHOWN = 60
"""Tubes on the page; of more, those with the best scores."""


class PageOutput:
    """Serves a page at an address as long as it is open; those who watch never hold up what is watched.

    A page that other machines can reach asks for a token.
    """

    def __init__(
        self,
        address: str,
        token: str | None,
        facts: StreamFacts,
        paint: Callable[[TrackedFrame], NDArray[np.uint8]],
        colour: str = "tube",
        latency: Callable[[], float | None] = lambda: None,
        dropped: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Take the port, begin to serve, and log where.

        Args:
            address: HOST:PORT, see `read_address`.
            token: Word that the page asks for; None or "": a random one, and none on a loopback address.
            facts: What is known of the source.
            paint: Returns the picture of a frame, uint8 [H, W, 3], RGB; called in `write`, for frames that are shown.
            colour: What colours distinguish, "tube" (people) or "class".
            latency: Returns the seconds from the camera to the newest detections; None if that is not known.
            dropped: Returns the number of frames that came too late; None if that is not counted.

        Raises:
            ConfigError: The address cannot be read, its port is taken, or it is none of this machine.
        """
        where = read_address(address)
        self._facts, self._paint, self._colour = facts, paint, colour
        self._latency, self._dropped = latency, dropped
        self._recent = RecentTubes(facts.fps)
        self._lock = threading.Lock()
        self._times: deque[float] = deque()
        self._began: float | None = None
        self._rate: float | None = None
        self._frames, self._newest, self._unseen = 0, -1, None  # type: int, int, TrackedFrame | None
        self._ended = False
        self._picture = LivePicture()
        try:
            word = token or (None if where.is_loopback else random_token())
            self._server = PageServer(where, word, self._picture, self.state)
        except BaseException:
            self._picture.end()
            raise
        _tell(self._server.url)

    @property
    def url(self) -> str:
        """The address for a browser, with the token if one is asked for."""
        return self._server.url

    def write(self, frame: TrackedFrame) -> None:
        """Show the next frame: its tubes always, its picture if one is due."""
        now = monotonic()
        with self._lock:
            self._recent.add(frame)
            self._frames, self._newest = self._frames + 1, frame.result.frame
            self._began = now if self._began is None else self._began
            self._times.append(now)
            self._prune(now)
        if self._picture.wanted():
            self._picture.offer(self._paint(frame))
            self._unseen = None
        else:
            self._unseen = frame

    def finish(self) -> None:
        """Show the last frame, and that it is the last."""
        if self._unseen is not None:
            self._picture.offer(self._paint(self._unseen))
            self._unseen = None
        with self._lock:
            self._rate = self._fps(monotonic())
            self._ended = True

    def close(self) -> None:
        """End the page and give the port back."""
        self._picture.end()
        self._server.stop()

    def kept(self) -> str | None:
        """Return None: nothing of a page is kept."""
        return None

    def state(self) -> dict[str, Any]:
        """Return what the page shows beside the picture, as plain values; times in seconds, colours as #rrggbb."""
        facts = self._facts
        with self._lock:
            now = self._recent.now
            tubes = self._recent.list()
            if len(tubes) > MOST_SHOWN:
                least = sorted((_best(tube) for tube in tubes), reverse=True)[MOST_SHOWN - 1]
                tubes = [tube for tube in tubes if _best(tube) >= least][:MOST_SHOWN]
            shown = [self._plain(tube) for tube in tubes]
            rate = self._rate if self._ended else self._fps(monotonic())
            frames, newest, ended = self._frames, self._newest, self._ended
        return {
            **{"name": facts.name, "source": facts.source, "width": facts.width, "height": facts.height},
            **{"length": facts.length, "live": facts.live, "frames": frames, "frame": newest, "ended": ended},
            **{"now": round(now, 3), "span": SPAN, "fps": rate and round(rate, 2), "tubes": shown},
            **{"latency": self._latency(), "dropped": self._dropped(), "viewers": self._picture.viewers},
        }

    def _plain(self, tube: RecentTube) -> dict[str, Any]:
        colour = class_colour(tube.label) if self._colour == "class" else identity_colour(tube.person)
        return {
            **{"tube": tube.tube, "person": tube.person, "label": tube.label, "name": self._facts.classes[tube.label]},
            **{"start": round(tube.start, 3), "end": round(tube.end, 3), "score": round(tube.score, 4)},
            **{"on": self._recent.is_on(tube), "colour": "#" + bytes(colour).hex()},
            "samples": [(round(seconds, 3), round(score, 4)) for seconds, score in tube.samples],
        }

    def _fps(self, now: float) -> float | None:
        """Return the frames of the last seconds by their time; None before there are two."""
        self._prune(now)
        if self._began is None or self._frames < 2:
            return None
        return len(self._times) / max(1e-3, min(RATE_SECONDS, now - self._began))

    def _prune(self, now: float) -> None:
        while self._times and self._times[0] < now - RATE_SECONDS:
            self._times.popleft()


def _best(tube: RecentTube) -> float:
    return max((score for _, score in tube.samples), default=tube.score)


@cache
def random_token() -> str:
    """Return a word that nobody guesses; the same in the whole process, so that a page keeps its address."""
    return secrets.token_urlsafe(16)


@cache
def _tell(url: str) -> None:
    """Log where a page is, once: several videos have it one after the other."""
    log.info("page: %s", url)
