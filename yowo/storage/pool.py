"""A pool of processes that copy several videos at once: a decoder that crashes stops only the copy of its own video."""

import multiprocessing
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from time import monotonic
from typing import NamedTuple, cast

from yowo.errors import YowoError
from yowo.storage.film_copy import FilmCopy, copy_film, unfinished_path
from yowo.storage.plan import Job
from yowo.storage.transcoder import Recipe, TargetError

EVERY = 0.2
"""Seconds between two progress reports of a process."""


class Advance(NamedTuple):
    """Progress of a job: frames written so far and their total."""

    job: Job
    frames: int
    total: int


class Finished(NamedTuple):
    """A copy that is complete and checked."""

    job: Job
    copy: FilmCopy


class Failed(NamedTuple):
    """A video that was not copied, and why; `for_all` if all others would fail too: the output cannot be written."""

    job: Job
    reason: str
    for_all: bool = False


Event = Advance | Finished | Failed


class _Worker:
    """A worker process and its current job."""

    def __init__(self, recipe: Recipe, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process: SpawnProcess = context.Process(target=_work, args=(other, recipe, threads), daemon=True)
        with _without_interrupts():
            self.process.start()
        other.close()
        self.job: Job | None = None
        self.dead = False

    def give(self, job: Job) -> None:
        """Send the process a job."""
        self.job = job
        with suppress(OSError):  # the process has died; `answer` reports it
            self.connection.send((job.source, job.target))

    def answer(self, job: Job) -> Event:
        """Receive the next message about the job; report a failure if the process has died."""
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            self.dead = True
            self.process.join()
            return Failed(
                job,
                f"{job.source}: the decoder crashed on this file (exit code {self.process.exitcode}); repair or remove "
                "it",
            )
        if isinstance(message, FilmCopy):
            return Finished(job, message)
        return Advance(job, *message) if isinstance(message[0], int) else Failed(job, *message)

    def end(self) -> None:
        """Kill the process and remove its unfinished file."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        if self.job is not None:
            with suppress(OSError):
                unfinished_path(self.job.target, self.process.pid or 0).unlink(missing_ok=True)


def copy_all(jobs: Sequence[Job], recipe: Recipe, workers: int, threads: int) -> Generator[Event, None, None]:
    """Copy videos in parallel and report events; closing the generator kills the processes and their unfinished files.

    Args:
        jobs: Videos to copy, in the order in which they are started.
        recipe: Size and encoding of the copies.
        workers: Number of processes.
        threads: Number of threads of each decoder and each encoder.

    Yields:
        `Advance` while a job runs, then `Finished` or `Failed`.
    """
    waiting, crew = deque(jobs), list[_Worker]()
    try:
        while waiting and len(crew) < workers:
            crew.append(_Worker(recipe, threads))
            crew[-1].give(waiting.popleft())
        while busy := {worker.connection: (worker, worker.job) for worker in crew if worker.job is not None}:
            for connection in wait(list(busy)):
                worker, job = busy[cast("Connection[object, object]", connection)]
                event = worker.answer(job)
                if not isinstance(event, Advance):
                    if worker.dead:
                        worker.end()
                        crew.remove(worker)
                    worker.job = None
                    if worker.dead and waiting:
                        worker = _Worker(recipe, threads)
                        crew.append(worker)
                    if waiting:
                        worker.give(waiting.popleft())
                yield event
    finally:
        for worker in crew:
            worker.end()


def _work(connection: "Connection[object, tuple[Path, Path]]", recipe: Recipe, threads: int) -> None:
    """Copy the requested videos until the connection is closed; if the parent dies, the current copy is abandoned."""
    with suppress(EOFError, OSError):
        while True:
            source, target = connection.recv()
            connection.send(_copy(connection, source, target, recipe, threads))


def _copy(
    connection: "Connection[object, tuple[Path, Path]]", source: Path, target: Path, recipe: Recipe, threads: int
) -> FilmCopy | tuple[str, bool]:
    """Copy a video; return the copy's properties, or why it failed and whether all other videos would fail too."""
    reported = 0.0

    def report(frames: int, total: int) -> None:
        nonlocal reported
        if monotonic() - reported >= EVERY:
            connection.send((frames, total))
            reported = monotonic()

    try:
        return copy_film(source, target, recipe, threads, report)
    except YowoError as error:
        return str(error), isinstance(error, TargetError)
    except Exception as error:  # an error with one file must not stop the others
        return f"{source}: cannot be prepared ({type(error).__name__}: {error}); repair or remove it", False


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Make processes that are started in this block ignore Ctrl-C, so that only the parent handles it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
