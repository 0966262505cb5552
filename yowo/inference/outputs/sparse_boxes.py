"""Key frames of a person's way: as few as straight lines between them need to stay within a pixel of every box."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
TOLERANCE = 0.95
"""Pixels by which a corner may be moved; less than one, so that it is still within one when it was rounded."""
LEAST_PART = 0.25
"""Share of a box's width or height that its corners may be moved by, so that small boxes stay boxes."""


class Key(NamedTuple):
    """A box of a key frame.

    Attributes:
        frame: Position in the source, from 0.
        box: float64 [4], x1 y1 x2 y2 in pixels.
    """

    frame: int
    box: Reals


class SparseBoxes:
    """Takes the boxes of a person on consecutive frames, and gives key frames as soon as they are known.

    From the last key frame on it keeps, for each number of the box, the slopes of the straight lines that pass every
    box since within the tolerance; when a box leaves none, the frame before it becomes a key frame, whose box lies on
    the middle line. Memory does not depend on the number of frames.

    Examples:
        >>> way, keys = SparseBoxes(), []
        >>> for frame in range(9):  # to the right, and from frame 4 on back again
        ...     keys += way.add(frame, np.array([50.0 - 10 * abs(frame - 4), 0, 90 - 10 * abs(frame - 4), 20]))
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
        self._low, self._high = np.full(4, -np.inf), np.full(4, np.inf)

    def add(self, frame: int, box: Reals) -> list[Key]:
        """Take the next box.

        Args:
            frame: The frame after the last one.
            box: float64 [4], x1 y1 x2 y2 in pixels, x1 < x2 and y1 < y2.

        Returns:
            The key frame before it that is now known, or the first box, or none.
        """
        if self._anchor is None:
            return [self._begin(Key(frame, box.copy()))]
        margin = np.minimum(self._tolerance, LEAST_PART * np.tile(box[2:] - box[:2], 2))
        low, high = self._cone(frame, box, margin)
        if (low <= high).all():
            self._low, self._high, self._last = low, high, frame
            return []
        key = self._begin(self._middle())
        self._low, self._high = self._cone(frame, box, margin)
        self._last = frame
        return [key]

    def cut(self) -> list[Key]:
        """Make the last box a key frame, unless it is one, and go on from there; return the new one."""
        return [] if self._last is None else [self._begin(self._middle())]

    def end(self) -> list[Key]:
        """Return the key frame of the last box, unless it is known; the next box begins a new way."""
        keys = [] if self._last is None else [self._middle()]
        self._anchor = self._last = None
        return keys

    def _begin(self, key: Key) -> Key:
        """Start new lines at a key frame."""
        self._anchor, self._last = key, None
        self._low, self._high = np.full(4, -np.inf), np.full(4, np.inf)
        return key

    def _cone(self, frame: int, box: Reals, margin: Reals) -> tuple[Reals, Reals]:
        """Return the lowest and the highest slopes, float64 [4] each, of the lines that also pass a box."""
        anchor = self._anchor or Key(frame - 1, box)
        steps = frame - anchor.frame
        return (
            np.maximum(self._low, (box - margin - anchor.box) / steps),
            np.minimum(self._high, (box + margin - anchor.box) / steps),
        )

    def _middle(self) -> Key:
        """Return the key frame at the last box, on the middle of the possible lines."""
        anchor, last = self._anchor, self._last
        if anchor is None or last is None:
            raise ValueError("expected a box after the last key frame")
        return Key(last, anchor.box + (self._low + self._high) / 2 * (last - anchor.frame))
