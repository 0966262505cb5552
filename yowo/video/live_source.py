"""Frames of a camera, a network stream or a pipe, as they come."""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from av.video.reformatter import VideoReformatter
from typing_extensions import Self

from yowo.errors import VideoError
from yowo.video.file_pass import quarters
from yowo.video.frame_source import Seconds
from yowo.video.frames import Frames
from yowo.video.grey import with_its_range
from yowo.video.live_clock import LiveClock
from yowo.video.live_connection import Picture
from yowo.video.live_receiver import LivePolicy, LiveReceiver
from yowo.video.source_names import shown

log = logging.getLogger(__name__)


class LiveSource:
    """A `FrameSource` whose frames are received and decoded in a thread of its own.

    The first frame decides the size; later ones of another size are resized to it. What is damaged is left out. A
    stream that breaks off is connected again; time goes on meanwhile. A recording, told by its length or size, is no
    live source: nothing of it is left out, and its end is the end.

    Attributes:
        live: Whether frames come at their own pace.
        fps: Frames per second, as the stream tells; without timestamps, as they come in the beginning.
        width: Pixels of a row, of the first frame as shown.
        height: Pixels of a column.
        length: None.
        seconds: See `FrameSource`.
    """

    length = None

    def __init__(
        self,
        address: str,
        policy: LivePolicy = LivePolicy(),  # noqa: B008 - it never changes
        options: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Connect, and wait for the first frame.

        Args:
            address: See `yowo.video.source_names.Source`.
            policy: What to do with late frames and lost connections.
            options: Options of FFmpeg's format, such as {"video_size": "1280x720"} of a camera.

        Raises:
            ConfigError: A value of the policy is not possible, or there is nothing to open.
            VideoError: There is no connection, or no frame comes.
        """
        policy.check()
        self._name = shown(address)
        self.seconds: Seconds = np.zeros(0)
        self._colours = VideoReformatter()
        self._receiver = LiveReceiver(address, policy, options)
        try:
            first = self._receiver.queue.first(self._receiver.waiting)
            if first is None:
                raise VideoError(f"{self._name}: ended before its first frame")
            self.live = self._receiver.live
            unclear = self.live and not self._receiver.stamped
            self.fps = self._receiver.measured_fps() if unclear else self._receiver.fps
        except BaseException:
            self._receiver.close()
            raise
        stored = first.frame.width, first.frame.height
        self.width, self.height = stored[::-1] if quarters(first.frame) % 2 else stored
        self._size, self._connection = stored, first.connection
        self._clock = LiveClock(1 / self.fps, self.live, self._receiver.stamped)

    @property
    def dropped(self) -> int:
        """Number of frames left out so far because they came too late to be read."""
        return self._receiver.queue.dropped

    @property
    def damaged(self) -> int:
        """Number of frames left out so far because they are damaged."""
        return self._receiver.damaged

    def read(self, count: int) -> Frames:
        """Return the next frames, uint8 [n, height, width, 3], RGB, see `FrameSource.read`.

        Args:
            count: How many, at least 1; of a live source at most.

        Raises:
            VideoError: The stream broke off and could not be connected again.
        """
        got = self._receiver.queue.get(count, whole=not self.live, waiting=self._receiver.waiting)
        frames = np.empty((len(got), self.height, self.width, 3), dtype=np.uint8)
        self.seconds = np.empty(len(got))
        for row, picture in enumerate(got):
            frames[row] = self._as_first(picture)
            if picture.connection != self._connection:
                self._connection = picture.connection
                self._clock.restart()
            self.seconds[row] = self._clock.seconds(picture.stamp, picture.arrived)
        return frames

    def _as_first(self, picture: Picture) -> Frames:
        """Return a picture as shown, uint8 [height, width, 3], in the size of the first one."""
        frame = picture.frame
        if (frame.width, frame.height) != self._size:
            self._size = frame.width, frame.height
            log.warning(
                "%s: pictures are now %dx%d; they are resized to %dx%d, the size of the first", self._name, *self._size,
                self.width, self.height,
            )  # fmt: skip
        turned = quarters(frame)
        width, height = (self.height, self.width) if turned % 2 else (self.width, self.height)
        seen = with_its_range(frame, self._receiver.codec)
        stored = self._colours.reformat(seen, width, height, "rgb24", threads=1).to_ndarray()
        return np.rot90(cast(Frames, stored), turned)

    def close(self) -> None:
        """Close the connection."""
        self._receiver.close()
        if self.damaged:
            log.warning("%s: %d damaged frames were left out", self._name, self.damaged)

    def __enter__(self) -> Self:
        """Return the source."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()
