"""Finishes one video of several: passed over, locked, detected on under a temporary name, recorded; or its failure."""

import errno
import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import yowo
from yowo.commands.archive.places import Fingerprint, VideoPlace, earlier_place, fingerprint
from yowo.commands.archive.video_lock import locked
from yowo.commands.job_record import one_line
from yowo.commands.run_folder import owner
from yowo.commands.watch_source import Watched
from yowo.errors import ConfigError, VideoError, YowoError
from yowo.video.source_names import Source

log = logging.getLogger(__name__)
MOST_TRIES = 3
"""Processes that may be killed while they work on a video, before it counts as failed."""
OF_THE_DISK = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EROFS") if hasattr(errno, name)}
"""Numbers of errors after which no other video can be written either."""
DONE, BEFORE, BUSY, FAILED = "done", "before", "busy", "failed"
"""How work on a video ends: finished now, finished before, another process works on it, it has no results."""

Detect = Callable[[Source, Path], Watched]
"""Detects on a source and writes the outputs into a folder."""


class Outcome(NamedTuple):
    """How work on a video has ended.

    Attributes:
        name: The video.
        state: `DONE`, `BEFORE`, `BUSY` or `FAILED`.
        words: What there is to say about it.
        expected: Whether a failure is the video's: of others, several in a row end everything.
    """

    name: str
    state: str
    words: str = ""
    expected: bool = True


def finish_video(folder: Path, source: Source, detect: Detect) -> Outcome:
    """Finish one video; its results appear when all of them are complete.

    Args:
        folder: The folder of all results.
        source: The video.
        detect: Detects on it.

    Returns:
        How that ended. A video that cannot be read is a failure, and no error.

    Raises:
        ConfigError: The configuration does not go together, for any video.
        YowoError, OSError: The disk of the results is full.
    """
    place = VideoPlace(folder, source)
    try:
        now = fingerprint(Path(source.address))
    except OSError as error:
        return _failed(place, f"there is no such video ({error.strerror or error})")
    if earlier_place(place, now) is not None:
        return Outcome(source.name, BEFORE)
    if (other := place.other_video()) is not None:
        return Outcome(source.name, FAILED, f"{folder} holds {place.name} of {other}; write this one to another folder")
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.lock) as lock:
        if lock is None:
            return Outcome(source.name, BUSY)
        if place.is_finished(now):  # by who had the lock before
            return Outcome(source.name, BEFORE)
        if lock.tries >= MOST_TRIES:
            words = f"{lock.tries} processes were killed, or crashed, while they worked on it; run again to try it anew"
            return _failed(place, words)
        try:
            return _finish(place, now, detect)
        finally:
            place.forget()


def _finish(place: VideoPlace, now: Fingerprint, detect: Detect) -> Outcome:
    place.begin()
    began = monotonic()
    try:
        found = detect(place.source, place.unfinished)
    except ConfigError:
        raise
    except Exception as error:
        if is_of_the_disk(error):
            raise
        expected = isinstance(error, VideoError)
        if not isinstance(error, YowoError):
            log.debug("%s: failed", place.source.address, exc_info=True)
        return _failed(place, one_line(error), expected)
    about = {
        **{"source": str(Path(place.source.address).absolute()), **now._asdict()},
        **{"frames": found.frames, "detections": found.detections, "tubes": found.tubes, "people": found.people},
        **{"seconds": round(monotonic() - began, 2), "yowo": yowo.__version__, **owner()},
    }
    place.complete(about)
    words = f"{found.frames:,} frames, {found.detections:,} detections, {found.tubes:,} tubes"
    return Outcome(place.source.name, DONE, words)


def is_of_the_disk(error: BaseException) -> bool:
    """Return whether an error, or what caused it, says that a disk takes no more."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:  # causes may form a ring
        if isinstance(cause, OSError) and cause.errno in OF_THE_DISK:
            return True
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__
    return False


def _failed(place: VideoPlace, words: str, expected: bool = True) -> Outcome:
    words = words.removeprefix(f"{place.source.address}: ")
    place.failure.parent.mkdir(parents=True, exist_ok=True)
    place.fail(words)
    return Outcome(place.source.name, FAILED, words, expected)
