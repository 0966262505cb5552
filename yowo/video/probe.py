"""What can be read, found out before anything relies on it: frames, rate, size, and the backend that is safe."""

import os
import queue
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from yowo.errors import VideoError
from yowo.progress import track
from yowo.video.backends import usable_decoder
from yowo.video.folder_reader import FolderReader
from yowo.video.probe_process import ProbeProcess
from yowo.video.pyav_reader import SequentialReader
from yowo.video.reader import open_video

TIME_LIMIT = 300.0
"""Seconds for one file. Decoding `MOST_PIXELS`, or reading a film of hours from a slow disk, takes far less."""
FILES_PER_PROCESS = 8
"""For fewer files than this no further process is started."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """Facts about a readable video.

    Attributes:
        num_frames: Frames that can be decoded.
        fps: Average frames per second.
        width: Pixels of a row, as shown.
        height: Pixels of a column, as shown.
        backend: "decord", "pyav", "sequential" or "frames".
    """

    num_frames: int
    fps: float
    width: int
    height: int
    backend: str


def probe_video(path: str | Path, decoder: str = "decord") -> VideoInfo:
    """Open a video, decode its first and its last frame, and return what is known about it.

    A file whose last frame cannot be decoded is decoded once from its beginning, to count the frames that can.

    Args:
        path: The file, or a folder of pictures.
        decoder: What reads the files that both can read: "decord" or "pyav", which then is their backend. With "pyav"
            decord is never opened.

    Raises:
        VideoError: Nothing reads it; the message says why.
        ConfigError: The decoder is unknown.
    """
    with open_video(path, decoder=decoder) as reader:
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
    paths: Sequence[str], workers: int | None = None, time_limit: float = TIME_LIMIT, decoder: str = "decord"
) -> tuple[dict[str, VideoInfo], dict[str, str]]:
    """Probe many videos at once in processes of their own, with a progress bar.

    A file on which a decoder hangs or crashes counts as unreadable: its process is ended, and a new one takes the next
    file.

    Args:
        paths: The files.
        workers: Number of processes; None takes one per processor, fewer for few files.
        time_limit: Seconds after which a file is given up.
        decoder: See `probe_video`.

    Returns:
        Facts about the readable videos, and the reasons why the others cannot be read, by path, in the order given.

    Raises:
        ConfigError: The decoder is unknown.
    """
    decoder = usable_decoder(decoder)
    unique = list(dict.fromkeys(paths))
    workers = max(1, min(workers or os.cpu_count() or 1, -(-len(unique) // FILES_PER_PROCESS)))
    idle: queue.SimpleQueue[ProbeProcess] = queue.SimpleQueue()
    processes = [ProbeProcess(time_limit) for _ in range(workers)]
    for process in processes:
        idle.put(process)

    def probe(path: str) -> VideoInfo | str:
        """Ask an idle process."""
        process = idle.get()
        try:
            answer = process.ask(path, decoder)
        finally:
            idle.put(process)
        return answer if isinstance(answer, str) else VideoInfo(**answer)

    pool = ThreadPoolExecutor(workers)
    try:
        asked = {pool.submit(probe, path): path for path in unique}
        outcomes: dict[str, VideoInfo | str] = {}
        for done in track(as_completed(asked), "probing videos", len(unique), "videos", part=True):
            outcomes[asked[done]] = done.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.close()
    infos = {path: info for path in unique if isinstance(info := outcomes[path], VideoInfo)}
    reasons = {path: reason for path in unique if isinstance(reason := outcomes[path], str)}
    return infos, reasons
