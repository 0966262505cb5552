"""What can be read, found out before anything depends on it: frames, rate, size, and the backend that is safe."""

import os
import queue
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from yowo.errors import VideoError
from yowo.video.folder_reader import FolderReader
from yowo.video.probe_process import ProbeProcess
from yowo.video.pyav_reader import SequentialReader
from yowo.video.reader import open_video

TIME_LIMIT = 300.0
"""Seconds for one file: decoding `MOST_PIXELS` of it, or reading a film of hours from a slow disk, stays far below."""
FILES_A_PROCESS = 8
"""Fewer files are not worth the start of another process."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """Facts about a readable video.

    Attributes:
        num_frames: Frames that can be decoded.
        fps: Frames a second, on average.
        width: Pixels.
        height: Pixels.
        backend: "decord", "pyav", "sequential" or "frames".
    """

    num_frames: int
    fps: float
    width: int
    height: int
    backend: str


def probe_video(path: str | Path) -> VideoInfo:
    """Open a video, decode its first and its last frame, and return what is known about it.

    A file whose last frame cannot be decoded is decoded once as a whole, to count the frames that can.

    Raises:
        VideoError: Nothing reads it; the message says why.
    """
    with open_video(path) as reader:
        try:
            reader.get_frames([0, len(reader) - 1])
            whole = True
        except VideoError:
            if reader.backend == FolderReader.backend:
                raise
            whole = False
        if whole:
            return VideoInfo(len(reader), reader.fps, reader.width, reader.height, reader.backend)
    with SequentialReader(path) as reader:
        return VideoInfo(len(reader), reader.fps, reader.width, reader.height, reader.backend)


def probe_videos(
    paths: Sequence[str], workers: int | None = None, time_limit: float = TIME_LIMIT
) -> tuple[dict[str, VideoInfo], dict[str, str]]:
    """Probe many videos at once in processes of their own, with a progress bar.

    A file that hangs a decoder, or brings its process down, is a reason like any other: its process is ended and a new
    one takes the next file.

    Args:
        paths: The files.
        workers: Processes; None takes one a processor, fewer for few files.
        time_limit: Seconds after which a file is given up.

    Returns:
        Facts of the readable videos, and reasons of the others, by path, in the order given.
    """
    unique = list(dict.fromkeys(paths))
    workers = max(1, min(workers or os.cpu_count() or 1, -(-len(unique) // FILES_A_PROCESS)))
    idle: queue.SimpleQueue[ProbeProcess] = queue.SimpleQueue()
    processes = [ProbeProcess(time_limit) for _ in range(workers)]
    for process in processes:
        idle.put(process)

    def probe(path: str) -> VideoInfo | str:
        """Ask a process that is idle."""
        process = idle.get()
        try:
            answer = process.ask(path)
        finally:
            idle.put(process)
        return answer if isinstance(answer, str) else VideoInfo(**answer)

    pool = ThreadPoolExecutor(workers)
    try:
        with Progress(transient=True) as progress:
            task = progress.add_task("probing videos", total=len(unique))
            asked = {pool.submit(probe, path): path for path in unique}
            outcomes: dict[str, VideoInfo | str] = {}
            for done in as_completed(asked):
                outcomes[asked[done]] = done.result()
                progress.advance(task)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.close()
    infos = {path: info for path in unique if isinstance(info := outcomes[path], VideoInfo)}
    reasons = {path: reason for path in unique if isinstance(reason := outcomes[path], str)}
    return infos, reasons
