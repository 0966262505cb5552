"""Exact frame access to videos: decord first, PyAV where decord cannot be trusted, folders of pictures."""

from collections.abc import Callable
from pathlib import Path

from yowo.errors import ConfigError, VideoError
from yowo.video.backends import choose_backend
from yowo.video.decord_reader import DecordReader
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


def open_video(path: str | Path, backend: str = "auto") -> VideoReader:
    """Open a video file, or a folder of numbered pictures.

    Args:
        path: The file or folder.
        backend: "decord", "pyav", "sequential" (damaged files), "frames", or "auto": whichever is safe. Finding
            that out decodes the file once, so data sets probe each file once (`yowo.video.probe`) and name the backend
            from then on.

    Returns:
        The reader; close it, or use it as a context manager.

    Raises:
        VideoError: There is no such file, or nothing can read it; the message says why.
        ConfigError: The backend is unknown.
    """
    if backend != "auto" and backend not in READERS:
        raise ConfigError(f"backend: expected one of auto, {', '.join(READERS)}, got {backend!r}")
    if not Path(path).exists():
        raise VideoError(f"{path}: there is no such video; check the path")
    if backend != "auto":
        return READERS[backend](path)
    chosen = choose_backend(path)
    return _decord_or_pyav(path) if chosen == DecordReader.backend else READERS[chosen](path)


def _decord_or_pyav(path: str | Path) -> VideoReader:
    """Open with decord where it is installed, takes the file, and gives its first and last frame as PyAV does.

    It was seen to give other colours at odd sizes, and to turn pictures over, or fail, where they are to be shown
    turned.
    """
    spare = PyAVReader(path)
    try:
        reader = DecordReader(path)
        if reader.agrees_with(spare):
            spare.close()
            return reader
        reader.close()
    except VideoError:
        pass
    return spare
