"""Prepared storage: small copies of long films, for random access, in the layout of the originals."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from yowo.errors import DatasetError
from yowo.storage.film_copy import FilmCopy
from yowo.storage.manifest import PreparedVideo, write_manifest
from yowo.storage.plan import Job, lay_out, make_plan
from yowo.storage.pool import Event, Failed, Finished, copy_all
from yowo.storage.transcoder import Recipe

RECORD_EVERY = 2.0
"""Seconds between two manifests: what was copied since the last one is copied again after the run was killed."""
LOCK = ".prepare.lock"


class Outcome(NamedTuple):
    """What a run did.

    Attributes:
        made: Copies made now, by name.
        kept: Copies that were there already, by name.
        failed: Why a video has no copy, one line each.
    """

    made: dict[str, PreparedVideo]
    kept: dict[str, PreparedVideo]
    failed: list[str]


def prepare(
    folder: Path,
    output: Path,
    recipe: Recipe,
    workers: int,
    begin: Callable[[list[Job], int], object] = lambda jobs, kept: None,
    hear: Callable[[Event], object] = lambda event: None,
) -> Outcome:
    """Copy the videos of a folder, at any depth, into another one, and link what else there is.

    The originals are only read. A copy has its name only when it is whole and checked; one that is recorded in the
    manifest, with its original unchanged, is not made again.

    Args:
        folder: The originals.
        output: The copies.
        recipe: How.
        workers: Processes; fewer videos share them as threads.
        begin: Told the videos to copy and the number of copies that are there.
        hear: Told what happens to them.

    Raises:
        ConfigError: The recipe or the folders cannot be.
        DatasetError: There is nothing to copy, or the output cannot be written.
    """
    recipe.check()
    make_plan(folder, output, recipe)  # nothing is written where something is wrong
    made: dict[str, PreparedVideo] = {}
    failed: list[str] = []
    with _alone(output):
        plan = make_plan(folder, output, recipe)
        lay_out(plan, output, recipe)
        begin(plan.jobs, len(plan.kept))
        recorded = monotonic()
        threads = max(1, workers // max(1, len(plan.jobs)))
        try:
            with closing(copy_all(plan.jobs, recipe, workers, threads)) as events:
                for event in events:
                    hear(event)
                    if isinstance(event, Finished):
                        made[event.job.name] = _facts(event.job, event.copy)
                    elif isinstance(event, Failed):
                        failed.append(event.reason)
                        if event.for_all:
                            raise DatasetError(event.reason)
                    if len(made) and monotonic() - recorded > RECORD_EVERY:
                        write_manifest(output, recipe, {**plan.kept, **made})
                        recorded = monotonic()
        finally:
            if made:
                write_manifest(output, recipe, {**plan.kept, **made})
    return Outcome(made, plan.kept, failed)


def _facts(job: Job, copy: FilmCopy) -> PreparedVideo:
    return PreparedVideo(
        source=job.source_name,
        source_bytes=job.bytes,
        source_mtime_ns=job.mtime_ns,
        original_size=copy.original_size,
        size=copy.size,
        num_frames=copy.num_frames,
        times=copy.times,
        bytes=job.target.stat().st_size,
    )


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Keep a second run away from the same output, where the system has locks; they end with the process.

    Raises:
        DatasetError: Another run is at it, or the folder cannot be written to.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = (output / LOCK).open("w")
    except OSError as error:
        raise DatasetError(
            f"{output}: cannot be written ({error.strerror or error}); choose another --output"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatasetError(f"{output}: another yowo data prepare is writing there; wait for it") from None
        except OSError:
            pass  # a disk without locks
        yield
