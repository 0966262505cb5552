"""Copies of videos: a copy gets its final name only after it is complete and has been checked."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import av

from yowo.errors import VideoError
from yowo.storage.copy_check import ReferenceFrame, check_copy, reference_frame, sample_positions
from yowo.storage.film_source import open_source
from yowo.storage.transcoder import Recipe, TargetError, scaled_size, transcode
from yowo.video.packets import words

UNFINISHED = ".unfinished.mp4"
"""Suffix of files that are being written; their names start with a dot and contain the process id."""


class FilmCopy(NamedTuple):
    """Properties of a finished copy.

    Attributes:
        original_size: Width and height of the source in pixels, as displayed.
        size: Width and height of the copy in pixels.
        num_frames: Number of frames, the same for source and copy.
        times: SHA-256 of the frame times, see `yowo.storage.copy_clock.Clock.identity`.
    """

    original_size: tuple[int, int]
    size: tuple[int, int]
    num_frames: int
    times: str


def unfinished_path(target: Path, process: int) -> Path:
    """Return the temporary path under which a process writes `target`."""
    return target.with_name(f".{target.stem}.{process}{UNFINISHED}")


def copy_film(
    path: Path,
    target: Path,
    recipe: Recipe,
    threads: int = 1,
    on_progress: Callable[[int, int], object] = lambda frames, total: None,
) -> FilmCopy:
    """Write a smaller copy of a video, check it, and rename it to its final name.

    Args:
        path: The source video; it is not changed.
        target: The copy, an MP4 file; an existing file stays until the new one is complete.
        recipe: Size and encoding of the copy.
        threads: Number of threads of the decoder and of the encoder, each.
        on_progress: Called after each frame with the number of frames written so far and their total.

    Raises:
        ConfigError: A value of the recipe is out of range.
        VideoError: The source cannot be read or changed while it was read, or the copy failed its check.
        TargetError: The copy cannot be written.
    """
    recipe.check()
    before = _version(path)
    source = open_source(path)
    index, count = source.index, len(source.index.times)
    size = scaled_size(source.size, recipe.short_side)
    wanted, samples = sample_positions(count), list[ReferenceFrame]()

    def see(position: int, frame: av.VideoFrame) -> None:
        if position in wanted:
            samples.append(reference_frame(position, frame, (index.width, index.height), index.quarters, size))
        on_progress(position + 1, count)

    unfinished = unfinished_path(target, os.getpid())
    try:
        clock = transcode(source, unfinished, recipe, threads, see)
        try:
            check_copy(unfinished, clock, recipe.gop, size, samples)
        except VideoError as error:
            raise VideoError(f"{path}: {error}") from error
        if _version(path) != before:
            raise VideoError(f"{path}: the file changed while it was being read; prepare it again")
        _rename(unfinished, target)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return FilmCopy(source.size, size, count, clock.identity)


def _version(path: Path) -> tuple[int, int] | None:
    """Return size in bytes and modification time in nanoseconds of a file; None if the file does not exist."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns


def _rename(unfinished: Path, target: Path) -> None:
    try:
        unfinished.replace(target)
    except OSError as error:
        raise TargetError(
            f"{target}: cannot be written ({words(error)}); check the folder and its permissions"
        ) from error
