"""Prepare a folder of videos: copy each into a small file for fast random access, in the originals' folder layout."""

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
"""Seconds between two writes of the manifest: if a run is killed, copies made since the last one are made again."""
LOCK = ".prepare.lock"
"""Name of the lock file in the output folder."""


class Outcome(NamedTuple):
    """The result of a run.

    Attributes:
        made: Copies made in this run, by name.
        kept: Valid copies of earlier runs, by name.
        failed: One error message for each video that could not be copied.
    """

    made: dict[str, PreparedVideo]
    kept: dict[str, PreparedVideo]
    failed: list[str]


def prepare(
    folder: Path,
    output: Path,
    recipe: Recipe,
    workers: int,
    on_start: Callable[[list[Job], int], object] = lambda jobs, kept: None,
    on_event: Callable[[Event], object] = lambda event: None,
) -> Outcome:
    """Copy the videos of a folder and its subfolders to another folder, and link all other files.

    The originals are not changed. A copy gets its final name only after it is complete and checked. Copies that are
    listed in the manifest are kept if their originals have not changed.

    Args:
        folder: Folder of the originals.
        output: Folder of the copies.
        recipe: Size and encoding of the copies.
        workers: Number of processes; if there are fewer videos than workers, each process gets several threads.
        on_start: Called once with the videos to copy and the number of copies that are kept.
        on_event: Called with each progress report and result.

    Raises:
        ConfigError: A value of the recipe is out of range, or the folders do not fit, see `make_plan`.
        DatasetError: There is no video, or the output cannot be written.
    """
    recipe.check()
    make_plan(folder, output, recipe)  # raises errors before anything is written
    made: dict[str, PreparedVideo] = {}
    failed: list[str] = []
    with _alone(output):
        plan = make_plan(folder, output, recipe)
        lay_out(plan, output, recipe)
        on_start(plan.jobs, len(plan.kept))
        recorded = monotonic()
        threads = max(1, workers // max(1, len(plan.jobs)))
        try:
            with closing(copy_all(plan.jobs, recipe, workers, threads)) as events:
                for event in events:
                    on_event(event)
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
    """Lock the output folder against a second run, if the system supports file locks; the lock ends with the process.

    Raises:
        DatasetError: Another run holds the lock, or the folder cannot be written to.
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
            raise DatasetError(
                f"{output}: another yowo data prepare is writing to this folder; wait until it has finished"
            ) from None
        except OSError:
            pass  # the file system does not support locks
        yield
