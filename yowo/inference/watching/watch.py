"""Watching a source: the network runs on its frames while another thread makes tubes and writes the outputs."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Detections
from yowo.inference.frame_detector import FrameDetector
from yowo.inference.frame_rows import frame_rows
from yowo.inference.frame_tracks import FrameTracks
from yowo.inference.stream_meter import StreamMeter
from yowo.inference.streaming import FrameResult
from yowo.inference.tracks import TrackedFrame
from yowo.inference.watching.output_group import OutputGroup
from yowo.inference.watching.worker_thread import WorkerThread
from yowo.video.frame_source import FrameSource, is_live

ROOM = 4
"""Frames that may wait for their tubes and outputs."""
NOTHING = Detections()
"""Detections of a frame that the network did not see, until it gets its tubes."""


class SeenFrame(NamedTuple):
    """A frame and what the network found on it.

    Attributes:
        frame: Position among the frames that were read, from 0.
        picture: uint8 [H, W, 3], RGB.
        seconds: Time since the first frame.
        found: Detections; None if the network did not see it (`stride`).
    """

    frame: int
    picture: NDArray[np.uint8]
    seconds: float
    found: Detections | None


class Watching(NamedTuple):
    """How a source is watched.

    Attributes:
        name: Of the source, for errors.
        threshold: Least score of detections, 0..1.
        stride: The network sees every n-th frame.
        batch_size: Frames read and computed at once; live sources: one.
    """

    name: str
    threshold: float
    stride: int = 1
    batch_size: int = 8


def seen_frames(source: FrameSource, detector: FrameDetector, how: Watching, meter: StreamMeter) -> Iterator[SeenFrame]:
    """Yield the frames of a source with what the network finds, until it ends.

    Args:
        source: Open.
        detector: Before its first frame.
        how: Stride and batch size.
        meter: Learns which frames came, and how many were dropped.

    Raises:
        VideoError: A frame cannot be read.
    """
    count = 1 if is_live(source) else how.batch_size
    first = 0
    while len(pictures := source.read(count)):
        meter.came(first, len(pictures))
        meter.dropped = int(getattr(source, "dropped", 0))
        seconds = frame_seconds(source, first, len(pictures))
        frames = range(first, first + len(pictures))
        found = detector.add(pictures, [frame % how.stride == 0 for frame in frames])
        yield from map(SeenFrame, frames, pictures, seconds, found)
        first += len(pictures)


def frame_seconds(source: FrameSource, first: int, count: int) -> list[float]:
    """Return the times of the frames that were read last, in seconds since the first; by the rate if it has none.

    Args:
        source: The source.
        first: Position of the first of these frames.
        count: Their number.
    """
    told = getattr(source, "seconds", None)
    times = (first + np.arange(count)) / source.fps if told is None else np.asarray(told, np.float64)
    seconds: list[float] = times.tolist()
    return seconds


def watch(
    frames: Iterator[SeenFrame],
    tracks: FrameTracks,
    outputs: OutputGroup,
    how: Watching,
    meter: StreamMeter,
    shown: Callable[[Iterator[SeenFrame]], Iterator[SeenFrame]] = iter,
) -> None:
    """Give all frames their tubes, and pass them to the outputs, which are complete and closed afterwards.

    This is so also if reading, the network or Ctrl-C raises: the outputs then hold the frames until then.

    Args:
        frames: The frames, read and computed in this thread while another one writes.
        tracks: Before its first frame.
        outputs: Open; used and closed in the other thread.
        how: Name and threshold.
        meter: Learns which frames are written.
        shown: Passes frames on and shows how far it is.

    Raises:
        VideoError: A frame cannot be read.
        YowoError, OSError: An output cannot be written.
    """

    def write(done: list[TrackedFrame]) -> None:
        outputs.write(done)
        for frame in done:
            meter.done(frame.result.frame)

    def work(seen: SeenFrame) -> None:
        result = FrameResult(seen.frame, seen.picture, NOTHING if seen.found is None else seen.found, seen.seconds)
        rows = None
        if seen.found is not None:
            size = seen.picture.shape[1], seen.picture.shape[0]
            rows = frame_rows(seen.found, size, how.threshold, f"{how.name}, frame {seen.frame}")
        write(tracks.add(result, rows))

    def last() -> None:
        try:
            if not outputs.failed:
                write(tracks.finish())
        finally:
            outputs.end()

    with WorkerThread(work, last, ROOM, "yowo-outputs") as worker:
        for seen in shown(frames):
            worker.give(seen)
