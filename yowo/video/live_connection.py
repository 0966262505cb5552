"""One connection to a camera, a server or a pipe: its decoded pictures until it ends or breaks."""

import time
from collections.abc import Iterator
from time import monotonic
from typing import Any, NamedTuple

import av
from typing_extensions import Self

from yowo.errors import VideoError
from yowo.video.live_address import Opening
from yowo.video.packets import DECODING_ERRORS, DEFAULT_FPS, film_stream, words

UNSTAMPED = ("mjpeg", "mpjpeg", "h264", "hevc", "m4v", "obu", "image2")
"""FFmpeg's names of formats without timestamps; it makes some up, at 25 frames per second."""
PIECEWISE = ("hls", "dash")
"""Formats that are a table of files: the size of the table tells nothing."""
LIKELY_FPS = (1.0, 240.0)
"""Frames per second of cameras; what headers tell outside is another unit."""
MOST_DAMAGE = 100
"""Pieces one after the other that are no packets, after which a connection counts as broken."""
PAUSE = 0.005
"""Seconds until a device that has no picture yet is asked again."""


class SilenceError(VideoError):
    """Nothing that can be shown came for too long."""


class Picture(NamedTuple):
    """A decoded picture.

    Attributes:
        frame: The picture.
        stamp: Its timestamp in seconds; None if the format has none.
        arrived: When it came, in seconds on the monotonic clock; of the first one when the connection was begun,
            because pictures wait until FFmpeg has looked at some of them.
        connection: Number of the connection it came from, from 0.
    """

    frame: av.VideoFrame
    stamp: float | None
    arrived: float = 0.0
    connection: int = 0


class LiveConnection:
    """A context manager around an open stream.

    Attributes:
        fps: Average frames per second, as far as the stream tells.
        codec: FFmpeg's name of the codec.
        stamped: Whether pictures have timestamps.
        piecewise: Whether it is a table of files, whose last ones are read again by the next connection.
        finite: Whether its length is known: it is a recording, which has an end.
        damaged: Number of pictures left out because they are damaged.
    """

    def __init__(self, opened: Opening, patience: float) -> None:
        """Open the stream and find its pictures.

        Args:
            opened: How FFmpeg opens it.
            patience: Seconds without a picture after which it counts as broken, where it can be interrupted.

        Raises:
            FFmpegError, OSError, ValueError: It cannot be opened.
            VideoError: There are no pictures in it.
        """
        limit = (patience, patience) if opened.interruptible else None
        self._patience = patience if opened.interruptible else float("inf")
        self._begun = monotonic()
        self._container = av.open(opened.file, format=opened.format, options=opened.options, timeout=limit)
        try:
            if not self._container.streams.video:
                raise VideoError("it holds no pictures")
            self._stream = film_stream(self._container)
            if self._stream.codec_context is None:
                raise VideoError("its pictures are of an unknown codec")
        except BaseException:
            self._container.close()
            raise
        self._stream.codec_context.thread_type = "SLICE"  # threads by frames hold some back
        self.codec = self._stream.codec_context.name
        name = self._container.format.name.partition(",")[0]
        self.stamped = name not in UNSTAMPED and not name.endswith("_pipe")
        told = float(self._stream.average_rate or self._stream.guessed_rate or 0)
        self.fps = told if LIKELY_FPS[0] <= told <= LIKELY_FPS[1] else DEFAULT_FPS
        self.piecewise = name in PIECEWISE
        self.finite = self._container.duration is not None or (not self.piecewise and self._container.size > 0)
        self.damaged = 0

    def pictures(self) -> Iterator[Picture]:
        """Yield the pictures until the stream ends; damaged ones are left out.

        Raises:
            FFmpegError, OSError: The connection broke.
            SilenceError: Packets come, but for too long none that can be decoded.
        """
        packets, broken = self._container.demux(), 0
        begun: float | None = self._begun
        last = monotonic()
        while True:
            try:
                packet = next(packets, None)
            except (av.BlockingIOError, av.InvalidDataError) as error:
                packets = self._container.demux()
                broken = self._passed_over(error, broken)
                packet = None
            else:
                if packet is None:
                    return
                broken = 0
                for frame in self._decoded(packet):
                    yield Picture(frame, frame.time if self.stamped else None, begun or monotonic())
                    begun, last = None, monotonic()
            if monotonic() - last > self._patience:
                raise SilenceError("nothing that can be shown")

    def _passed_over(self, error: Exception, broken: int) -> int:
        """Return how many pieces in a row were no packets, after an error that does not end a stream.

        Raises:
            FFmpegError: There were too many.
        """
        if isinstance(error, av.BlockingIOError):  # a device without a picture yet
            time.sleep(PAUSE)
            return broken
        self.damaged += 1
        if broken >= MOST_DAMAGE:
            raise error
        return broken + 1

    def _decoded(self, packet: "av.Packet[Any]") -> list[av.VideoFrame]:
        """Return the pictures that a packet completes; none where they are damaged, or it is sound."""
        if packet.stream.index != self._stream.index:
            return []
        try:
            found = [frame for frame in packet.decode() if isinstance(frame, av.VideoFrame)]
        except DECODING_ERRORS:
            self.damaged += 1
            return []
        sound = [frame for frame in found if not frame.is_corrupt]
        self.damaged += len(found) - len(sound)
        return sound

    def close(self) -> None:
        """Close the connection."""
        self._container.close()

    def __enter__(self) -> Self:
        """Return the connection."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()


def reason(error: Exception, patience: float) -> str:
    """Return in words why a connection failed.

    Args:
        error: What was raised.
        patience: See `LiveConnection`.
    """
    if isinstance(error, av.ExitError):
        return f"nothing came for {patience:g} seconds"
    return f"{error} came for {patience:g} seconds" if isinstance(error, SilenceError) else words(error)
