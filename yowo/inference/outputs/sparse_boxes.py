"""Key frames of a person's way: as few as straight lines between them need to stay within a pixel of every box."""

import math
from typing import NamedTuple

Box = tuple[float, float, float, float]
"""x1 y1 x2 y2 in pixels."""
TOLERANCE = 0.95
"""Pixels by which a corner may be moved; less than one, so that it is still within one when it was rounded."""
LEAST_PART = 0.25
"""Share of a box's width or height that its corners may be moved by, so that small boxes stay boxes."""


_Slopes = list[tuple[float, float]]
"""The lowest and the highest slope of each of the four numbers, in pixels a frame."""
_ANY: _Slopes = [(-math.inf, math.inf)] * 4


class Key(NamedTuple):
    """A box of a key frame.

    Attributes:
        frame: Position in the source, from 0.
        box: x1 y1 x2 y2 in pixels.
    """

    frame: int
    box: Box


class SparseBoxes:
    """Takes the boxes of a person on consecutive frames, and gives key frames as soon as they are known.

    From the last key frame on it keeps, for each number of the box, the slopes of the straight lines that pass every
    box since within the tolerance; when a box leaves none, the frame before it becomes a key frame, whose box lies on
    the middle line. Memory does not depend on the number of frames.

    Examples:
        >>> way, keys = SparseBoxes(), []
        >>> for frame in range(9):  # to the right, and from frame 4 on back again
        ...     keys += way.add(frame, (50.0 - 10 * abs(frame - 4), 0.0, 90.0 - 10 * abs(frame - 4), 20.0))
        >>> [key.frame for key in [*keys, *way.end()]]
        [0, 4, 8]
    """

    def __init__(self, tolerance: float = TOLERANCE) -> None:
        """Begin before the first box.

        Args:
            tolerance: Pixels by which a corner may be moved.
        """
        self._tolerance = tolerance
        self._anchor: Key | None = None
        self._last: int | None = None
        self._slopes = _ANY

    def add(self, frame: int, box: Box) -> list[Key]:
        """Take the next box.

        Args:
            frame: A frame after the last one.
            box: x1 y1 x2 y2 in pixels, x1 < x2 and y1 < y2.

        Returns:
            The key frame before it that is now known, or the first box, or none.
        """
        if self._anchor is None:
            return [self._begin(Key(frame, box))]
        keys = []
        slopes = self._passing(self._anchor, frame, box)
        if any(low > high for low, high in slopes):
            keys = self.cut()
            slopes = self._passing(keys[0], frame, box)
        self._slopes, self._last = slopes, frame
        return keys

    def cut(self) -> list[Key]:
        """Make the last box a key frame, unless it is one, and go on from there; return the new one."""
        keys = self._middle()
        return [self._begin(key) for key in keys]

    def end(self) -> list[Key]:
        """Return the key frame of the last box, unless it is known; the next box begins a new way."""
        keys = self._middle()
        self._anchor = self._last = None
        return keys

    def _begin(self, key: Key) -> Key:
        """Start new lines at a key frame."""
        self._anchor, self._last, self._slopes = key, None, _ANY
        return key

    def _passing(self, anchor: Key, frame: int, box: Box) -> _Slopes:
        """Return the slopes of the lines from a key frame that also pass a box."""
        steps = frame - anchor.frame
        across = min(self._tolerance, LEAST_PART * (box[2] - box[0]))
        down = min(self._tolerance, LEAST_PART * (box[3] - box[1]))
        return [
            (max(low, (value - margin - start) / steps), min(high, (value + margin - start) / steps))
            for (low, high), value, margin, start in zip(
                self._slopes, box, (across, down, across, down), anchor.box, strict=True
            )
        ]

    def _middle(self) -> list[Key]:
        """Return the key frame at the last box, on the middle of the possible lines; none if it is one already."""
        if self._anchor is None or self._last is None:
            return []
        steps = self._last - self._anchor.frame
        x1, y1, x2, y2 = (
            start + (low + high) / 2 * steps for start, (low, high) in zip(self._anchor.box, self._slopes, strict=True)
        )
        return [Key(self._last, (x1, y1, x2, y2))]
