"""What can be read, found out before anything depends on it: frames, rate, size, and the backend that is safe."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.progress import track

from yowo.errors import VideoError
from yowo.video.backends import choose_backend
from yowo.video.reader import open_video


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """Facts about a readable video.

    Attributes:
        num_frames: Frames that can be decoded.
        fps: Frames a second, on average.
        width: Pixels.
        height: Pixels.
        backend: "decord", "pyav" or "frames".
    """

    num_frames: int
    fps: float
    width: int
    height: int
    backend: str


def probe_video(path: str | Path) -> VideoInfo:
    """Open a video and return what is known about it.

    Raises:
        VideoError: Nothing reads it; the message says why.
    """
    backend = choose_backend(path) if Path(path).exists() else "auto"
    with open_video(path, backend=backend) as reader:
        return VideoInfo(len(reader), reader.fps, reader.width, reader.height, backend)


def probe_videos(paths: Sequence[str], workers: int | None = None) -> tuple[dict[str, VideoInfo], dict[str, str]]:
    """Probe many videos at once, with a progress bar.

    Args:
        paths: The files.
        workers: Threads; None takes one a processor. Decoders work outside the interpreter's lock.

    Returns:
        Facts of the readable videos, and reasons of the others, by path.
    """
    infos: dict[str, VideoInfo] = {}
    reasons: dict[str, str] = {}
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        outcomes = pool.map(_outcome, paths)
        for path, outcome in track(zip(paths, outcomes, strict=True), "probing videos", len(paths), transient=True):
            if isinstance(outcome, VideoInfo):
                infos[path] = outcome
            else:
                reasons[path] = outcome
    return infos, reasons


def _outcome(path: str) -> VideoInfo | str:
    try:
        return probe_video(path)
    except VideoError as error:
        return str(error)
