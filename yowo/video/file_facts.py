"""What this process has found out about video files; it is kept until a file changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from yowo.errors import VideoError
from yowo.video.packets import words

if TYPE_CHECKING:
    from yowo.video.frame_index import FrameIndex
    from yowo.video.soundness import Soundness


@dataclass(slots=True)
class FileFacts:
    """Facts about one version of a file; None, or False, for what has not been found out yet.

    Attributes:
        index: Its frames, numbered by packets where these allow it, see `yowo.video.frame_index.frame_index`.
        decoded: Its frames, numbered by decoding.
        clean_jumps: See `yowo.video.packets.Packets.clean_jumps`.
        grey: Whether its pictures have no colour.
        soundness: See `yowo.video.soundness.soundness`.
        decord_agrees: Whether decord was seen to open the file and to give the same first and last frame as PyAV.
    """

    index: FrameIndex | None = None
    decoded: FrameIndex | None = None
    clean_jumps: bool = False
    grey: bool = False
    soundness: Soundness | None = None
    decord_agrees: bool = False


def file_facts(path: str | Path) -> FileFacts:
    """Return what is known about a file: an object to add to, the same one as long as the file does not change.

    Raises:
        VideoError: The file does not exist.
    """
    try:
        stat = Path(path).stat()
    except OSError as error:
        raise VideoError(f"{path}: not a readable video ({words(error)})") from error
    return _facts(str(path), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4096)
def _facts(path: str, size: int, modified: int) -> FileFacts:
    """Return the facts of one version of a file, identified by its size in bytes and its time of change in ns."""
    return FileFacts()
