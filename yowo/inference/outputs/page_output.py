"""A page for browsers: the live picture, the tubes of the last minute, and how fast detection is."""

import logging
import secrets
import threading
from functools import cache
from typing import Any

from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.outputs.live_picture import LivePicture
from yowo.inference.outputs.page_address import read_address
from yowo.inference.outputs.page_server import PageServer
from yowo.inference.outputs.recent_tubes import SPAN, Painter, RecentTube, RecentTubes
from yowo.inference.stream_meter import StreamMeter
from yowo.inference.tracks import TrackedFrame

log = logging.getLogger(__name__)
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
        painter: Painter,
        meter: StreamMeter,
    ) -> None:
        """Take the port, begin to serve, and log where.

        Args:
            address: HOST:PORT, see `read_address`.
            token: Word that the page asks for; None or "": a random one, and none on a loopback address.
            facts: What is known of the source.
            painter: Draws the frames that are shown; asked in `write` and `finish` only.
            meter: Knows how fast detection is.

        Raises:
            ConfigError: The address cannot be read, its port is taken, or it is none of this machine.
        """
        where = read_address(address)
        self._facts, self._painter, self._meter = facts, painter, meter
        self._recent = RecentTubes(facts.fps)
        self._lock = threading.Lock()
        self._frames = 0
        self._unseen: TrackedFrame | None = None
        self._last_speed: dict[str, Any] | None = None
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
        with self._lock:
            self._recent.add(frame, self._painter)
            self._frames += 1
        if self._picture.wanted():
            self._picture.offer(self._painter.paint(frame))
            self._unseen = None
        else:
            self._unseen = frame

    def finish(self) -> None:
        """Show the last frame, and that it is the last."""
        if self._unseen is not None:
            self._picture.offer(self._painter.paint(self._unseen))
            self._unseen = None
        self._last_speed = self._speed()

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
            frames = self._frames
        return {
            **{"name": facts.name, "source": facts.source, "width": facts.width, "height": facts.height},
            **{"length": facts.length, "frames": frames, "now": round(now, 3), "span": SPAN, "tubes": shown},
            **{"ended": self._last_speed is not None, **(self._last_speed or self._speed())},
        }

    def _speed(self) -> dict[str, Any]:
        meter = self._meter
        return {
            "fps": round(meter.fps, 2) if meter.frames > 1 else None,
            "latency": round(meter.latency, 4) if meter.frames else None,
            "dropped": meter.dropped if self._facts.live else None,
        }

    def _plain(self, tube: RecentTube) -> dict[str, Any]:
        return {
            **{"tube": tube.tube, "person": tube.person, "label": tube.label, "name": self._facts.classes[tube.label]},
            **{"start": round(tube.start, 3), "end": round(tube.end, 3), "score": round(tube.score, 4)},
            **{"on": self._recent.is_on(tube), "colour": "#" + bytes(tube.colour).hex()},
            "samples": [(round(seconds, 3), round(score, 4)) for seconds, score in tube.samples],
        }


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
