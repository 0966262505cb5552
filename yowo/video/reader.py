"""Exact frame access to videos: by decord, by PyAV where decord is not wanted or not trusted, or from pictures."""

from collections.abc import Callable
from pathlib import Path

from yowo.errors import ConfigError, VideoError
from yowo.video.backends import choose_backend, usable_decoder
from yowo.video.decord_reader import DecordReader
from yowo.video.file_facts import file_facts
from yowo.video.folder_reader import FolderReader
from yowo.video.frames import VideoReader
from yowo.video.pyav_reader import PyAVReader, SequentialReader

__all__ = ["VideoReader", "open_video"]

READERS: dict[str, Callable[[str | Path], VideoReader]] = {
    "decord": DecordReader,
    "pyav": PyAVReader,
    "sequential": SequentialReader,
    "frames": FolderReader,
}


def open_video(path: str | Path, backend: str = "auto", decoder: str = "decord") -> VideoReader:
    """Open a video file, or a folder of pictures.

    Examples:
        >>> import tempfile, numpy as np
        >>> from yowo.video import VideoWriter, open_video
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with VideoWriter(f"{folder}/v.mp4", fps=25, size=(64, 48)) as writer:
        ...         for grey in (0, 100, 200):
        ...             writer.write(np.full((48, 64, 3), grey, dtype=np.uint8))
        ...     with open_video(f"{folder}/v.mp4") as reader:
        ...         len(reader), reader.get_frames([2, 0]).shape
        (3, (2, 48, 64, 3))

    Args:
        path: The file or folder.
        backend: "decord", "pyav", "sequential" (damaged files), "frames", or "auto": whichever is safe. Finding
            that out reads and decodes the file once in each process, so data sets probe each file once
            (`yowo.video.probe`) and name the backend afterwards.
        decoder: With backend="auto", what reads the files that both can read: "decord" or "pyav". With "pyav" decord is
            never opened.

    Returns:
        The reader; close it, or use it as a context manager.

    Raises:
        VideoError: The file does not exist, or nothing can read it; the message says why.
        ConfigError: The backend or the decoder is unknown.
    """
    if backend != "auto" and backend not in READERS:
        raise ConfigError(f"backend: expected one of auto, {', '.join(READERS)}, got {backend!r}")
    if backend == "auto":
        decoder = usable_decoder(decoder)
    if not Path(path).exists():
        raise VideoError(f"{path}: there is no such video; check the path")
    if backend != "auto":
        return READERS[backend](path)
    chosen = choose_backend(path, decoder)
    return _decord_or_pyav(path) if chosen == DecordReader.backend else READERS[chosen](path)


def _decord_or_pyav(path: str | Path) -> VideoReader:
    """Open with decord if it accepts the file, and gives its first and last frame as PyAV does.

    It was seen to give other colours at odd sizes, and to turn pictures upside down, or fail, where they are to be
    shown turned. An agreement is kept for the life of the process.
    """
    known = file_facts(path)
    if known.decord_agrees:
        return DecordReader(path)
    spare = PyAVReader(path)
    reader = _agreeing_decord(path, spare)
    if reader is None:
        return spare
    spare.close()
    known.decord_agrees = True
    return reader


def _agreeing_decord(path: str | Path, other: VideoReader) -> DecordReader | None:
    """Open with decord; None if that fails, or its first or last frame is not that of another reader."""
    try:
        reader = DecordReader(path)
    except VideoError:
        return None
    try:
        if reader.agrees_with(other):
            return reader
    except VideoError:
        pass
    reader.close()
    return None
