"""Copies of films, there whole and checked or not at all."""

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
"""Ending of files that are being written; they begin with a dot and hold the number of the process."""


class FilmCopy(NamedTuple):
    """What is known of a copy.

    Attributes:
        original_size: Width and height of the source in pixels, as shown.
        size: Those of the copy.
        num_frames: Frames of both.
        times: SHA-256 of the times of the frames, see `yowo.storage.copy_clock.Clock.identity`.
    """

    original_size: tuple[int, int]
    size: tuple[int, int]
    num_frames: int
    times: str


def unfinished_path(target: Path, process: int) -> Path:
    """Return where a process writes the file that will become `target`."""
    return target.with_name(f".{target.stem}.{process}{UNFINISHED}")


def copy_film(
    path: Path,
    target: Path,
    recipe: Recipe,
    threads: int = 1,
    done: Callable[[int, int], object] = lambda frames, total: None,
) -> FilmCopy:
    """Make a smaller copy of a film, check it, and give it its name.

    Args:
        path: The film; it is only read.
        target: The copy, an MP4 file; an old one stays until the new one is whole.
        recipe: How.
        threads: Of the decoder and of the encoder.
        done: Told the frames written so far and those of the film.

    Raises:
        ConfigError: The recipe cannot be.
        VideoError: The film cannot be read, or the copy is not as it should be.
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
        done(position + 1, count)

    unfinished = unfinished_path(target, os.getpid())
    try:
        clock = transcode(source, unfinished, recipe, threads, see)
        try:
            check_copy(unfinished, clock, recipe.gop, size, samples)
        except VideoError as error:
            raise VideoError(f"{path}: {error}") from error
        if _version(path) != before:
            raise VideoError(f"{path}: was changed while it was read; prepare it again")
        _rename(unfinished, target)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return FilmCopy(source.size, size, count, clock.identity)


def _version(path: Path) -> tuple[int, int] | None:
    """Return what tells the versions of a file apart; None where it is not there."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns


def _rename(unfinished: Path, target: Path) -> None:
    try:
        unfinished.replace(target)
    except OSError as error:
        raise TargetError(f"{target}: cannot be written ({words(error)}); check the folder") from error
