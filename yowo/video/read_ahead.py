"""Decodes in a thread of its own while the last frames are worked on."""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from typing_extensions import Self

from yowo.video.frame_queue import FrameQueue
from yowo.video.frame_source import FrameSource, Seconds, is_live
from yowo.video.frames import Frames
from yowo.video.live_source import LiveSource

MOST_BYTES = 64 << 20
"""Bytes of the pictures that are decoded in advance."""
MOST_FRAMES = 64
END = 5.0
"""Seconds that closing waits for the thread, which may hang in a disk that does not answer."""


def read_ahead(source: FrameSource) -> FrameSource:
    """Return a source that decodes in a thread of its own: the given one if it does, otherwise one around it."""
    return source if isinstance(source, LiveSource) else ReadAhead(source)


class _Chunk(NamedTuple):
    pictures: Frames
    seconds: Seconds
    dropped: int


class ReadAhead:
    """A `FrameSource` that reads another one in a thread, with the same frames in the same order.

    An error is raised when the frames before it have been read. At most `MOST_BYTES` of pictures wait, or two reads.

    Attributes:
        source: The other one; closing this one closes it.
        seconds: See `FrameSource`; at the constant rate `fps` if the other one does not tell them.
        dropped: See `FrameSource`.
    """

    def __init__(self, source: FrameSource) -> None:
        """Wrap an open source; the thread starts with the first `read`."""
        self.source = source
        self.seconds: Seconds = np.zeros(0)
        self.dropped = 0
        self._fps, self._width, self._height = source.fps, source.width, source.height
        self._queue: FrameQueue[_Chunk] | None = None
        self._thread: threading.Thread | None = None
        self._rest: _Chunk | None = None
        self._next = 0

    @property
    def fps(self) -> float:
        """Average frames per second."""
        return self._fps

    @property
    def width(self) -> int:
        """Pixels of a row."""
        return self._width

    @property
    def height(self) -> int:
        """Pixels of a column."""
        return self._height

    @property
    def length(self) -> int | None:
        """Number of frames; None if it is not known before the end."""
        return self.source.length

    @property
    def live(self) -> bool:
        """Whether frames come at their own pace; if the other source does not tell, whether its length is unknown."""
        return is_live(self.source)

    def read(self, count: int) -> Frames:
        """Return the next frames, uint8 [n, height, width, 3], RGB, see `FrameSource.read`.

        Args:
            count: How many, at least 1.

        Raises:
            VideoError: A frame cannot be read.
        """
        if self._queue is None:
            self._queue = self._start(count)
        parts: list[_Chunk] = [] if self._rest is None else [self._rest]
        self._rest = None
        held = sum(len(part.pictures) for part in parts)
        while held < count and not (held and self.live):
            chunks = self._queue.get(raising=not held)  # an error waits until the frames before it are read
            if not chunks:
                break
            parts += chunks
            held += len(chunks[0].pictures)
        return self._joined(parts, count)

    def _joined(self, parts: Sequence[_Chunk], count: int) -> Frames:
        """Return `count` of the frames at hand, and keep the others; one part is not copied."""
        if not parts:
            self.seconds = np.zeros(0)
            return np.zeros((0, self.height, self.width, 3), dtype=np.uint8)
        pictures = parts[0].pictures if len(parts) == 1 else np.concatenate([part.pictures for part in parts])
        seconds = np.concatenate([part.seconds for part in parts])
        self.dropped = parts[-1].dropped
        if len(pictures) > count:
            self._rest = _Chunk(pictures[count:], seconds[count:], self.dropped)
        self.seconds = seconds[:count]
        return pictures[:count]

    def _start(self, count: int) -> FrameQueue[_Chunk]:
        """Start the thread, which reads as many frames at once as are read here, as far as memory allows."""
        fitting = max(2, min(MOST_FRAMES, MOST_BYTES // max(1, self._width * self._height * 3)))
        size = 1 if self.live else min(count, fitting // 2)
        queue = FrameQueue[_Chunk](max(2, fitting // size))
        self._thread = threading.Thread(target=self._fill, args=(queue, size), name="decoding", daemon=True)
        self._thread.start()
        return queue

    def _fill(self, queue: FrameQueue[_Chunk], size: int) -> None:
        """Read until the end; runs in the thread."""
        try:
            while len(pictures := self.source.read(size)):
                if not queue.put(_Chunk(pictures, self._seconds_of(len(pictures)), getattr(self.source, "dropped", 0))):
                    return
        except BaseException as error:
            queue.end(error)
        else:
            queue.end()

    def _seconds_of(self, count: int) -> Seconds:
        first, self._next = self._next, self._next + count
        told: Seconds | None = getattr(self.source, "seconds", None)
        return np.arange(first, self._next) / self._fps if told is None else told

    def close(self) -> None:
        """Stop the thread and close the other source."""
        if self._queue is not None:
            self._queue.close()
        if self._thread is not None:
            self._thread.join(END)
        if self._thread is None or not self._thread.is_alive():
            self.source.close()

    def __enter__(self) -> Self:
        """Return the source."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()
