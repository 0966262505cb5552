"""The newest picture as a JPEG for any number of viewers, encoded in a thread of its own, rarely if nobody watches."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MOST_PER_SECOND = 25.0
"""Pictures encoded in a second while somebody watches."""
UNWATCHED_SECONDS = 1.0
"""Age of the picture, while nobody watches, that the next viewer gets first."""
LONG_SIDE = 1280
"""Pixels. Larger pictures are made smaller for viewers."""
QUALITY = 80


class Newest(NamedTuple):
    """The newest picture.

    Attributes:
        number: How many there were until now, with it; 0 as long as there is none.
        jpeg: The bytes of a JPEG file.
        is_last: Whether no other one will come.
    """

    number: int
    jpeg: bytes
    is_last: bool


class LivePicture:
    """Holds the newest picture; whoever offers one never waits for those who watch."""

    def __init__(self) -> None:
        """Start without a picture."""
        self.viewers = 0
        self._changed = threading.Condition()
        self._offered: NDArray[np.uint8] | None = None
        self._busy = self._ended = False
        self._last = -UNWATCHED_SECONDS
        self._number, self._jpeg = 0, b""
        self._thread = threading.Thread(target=self._encode_all, name="page pictures", daemon=True)
        self._thread.start()

    def wanted(self) -> bool:
        """Return whether a picture that is offered now would be shown; otherwise none needs to be drawn."""
        wait = 1 / MOST_PER_SECOND if self.viewers else UNWATCHED_SECONDS
        return not self._busy and monotonic() - self._last >= wait

    def offer(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture instead of the last one.

        Args:
            picture: uint8 [H, W, 3], RGB; not changed by anybody from now on.
        """
        with self._changed:
            self._offered, self._busy, self._last = picture, True, monotonic()
            self._changed.notify_all()

    def newest(self, after: int = 0, timeout: float = 0.0) -> Newest:
        """Return the newest picture, whatever its number.

        Args:
            after: Wait first for one with a higher number, unless no other one will come.
            timeout: Seconds to wait at most.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._number > after or self._ended, timeout)
            return Newest(self._number, self._jpeg, self._ended)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Count a viewer during the block."""
        with self._changed:
            self.viewers += 1
        try:
            yield
        finally:
            with self._changed:
                self.viewers -= 1

    def end(self) -> None:
        """Encode what was offered, then release those who wait."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, timeout=5.0)
            self._ended = True
            self._changed.notify_all()
        self._thread.join(5.0)

    def _encode_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._offered is not None or self._ended)
                picture, self._offered = self._offered, None
            if picture is None:
                return
            encoded = jpeg(picture)
            with self._changed:
                self._number, self._jpeg = self._number + 1, encoded
                self._busy = self._offered is not None
                self._changed.notify_all()


def jpeg(picture: NDArray[np.uint8], long_side: int = LONG_SIDE) -> bytes:
    """Encode a picture.

    Args:
        picture: uint8 [H, W, 3], RGB.
        long_side: Pixels; a picture with a longer side is made smaller.

    Returns:
        The bytes of a JPEG file.
    """
    image = Image.fromarray(picture)
    if max(image.size) > long_side:
        image.thumbnail((long_side, long_side), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
