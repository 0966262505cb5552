"""Copies of many videos at once, in processes of their own: a decoder that crashes takes no other video along."""

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
"""Seconds between two reports of a process."""


class Advance(NamedTuple):
    """Frames of a job that are written so far."""

    job: Job
    frames: int
    total: int


class Finished(NamedTuple):
    """A copy that is there, whole and checked."""

    job: Job
    copy: FilmCopy


class Failed(NamedTuple):
    """A video that was not copied, and why; `for_all` if no other can be either: the target cannot be written."""

    job: Job
    reason: str
    for_all: bool = False


Event = Advance | Finished | Failed


class _Worker:
    """A process and what it is working on."""

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
        """Send it a job."""
        self.job = job
        with suppress(OSError):  # it is dead, which its next answer tells
            self.connection.send((job.source, job.target))

    def answer(self, job: Job) -> Event:
        """Return what it says about its job; that it is dead, where it is."""
        try:
            said = self.connection.recv()
        except (EOFError, OSError):
            self.dead = True
            self.process.join()
            return Failed(job, f"{job.source}: a decoder crashes on it (exit code {self.process.exitcode})")
        if isinstance(said, FilmCopy):
            return Finished(job, said)
        return Advance(job, *said) if isinstance(said[0], int) else Failed(job, *said)

    def end(self) -> None:
        """End it at once and remove what it left."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        if self.job is not None:
            with suppress(OSError):
                unfinished_path(self.job.target, self.process.pid or 0).unlink(missing_ok=True)


def copy_all(jobs: Sequence[Job], recipe: Recipe, workers: int, threads: int) -> Generator[Event, None, None]:
    """Make copies at once and tell what happens; leaving early ends the processes and removes what is not whole.

    Args:
        jobs: What to copy, in this order.
        recipe: How.
        workers: Processes.
        threads: Of each decoder and encoder.

    Yields:
        The progress of each job, and its end: `Finished` or `Failed`.
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
    """Copy what is asked for until nobody asks any more; a parent that is gone ends the copy at hand too."""
    with suppress(EOFError, OSError):
        while True:
            source, target = connection.recv()
            connection.send(_copy(connection, source, target, recipe, threads))


def _copy(
    connection: "Connection[object, tuple[Path, Path]]", source: Path, target: Path, recipe: Recipe, threads: int
) -> FilmCopy | tuple[str, bool]:
    """Copy a film; return what is known of it, or the reason why it is not there and whether it holds for all."""
    said = 0.0

    def done(frames: int, total: int) -> None:
        nonlocal said
        if monotonic() - said >= EVERY:
            connection.send((frames, total))
            said = monotonic()

    try:
        return copy_film(source, target, recipe, threads, done)
    except YowoError as error:
        return str(error), isinstance(error, TargetError)
    except Exception as error:  # one file must not end the others
        return f"{source}: cannot be prepared ({type(error).__name__}: {error})", False


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let processes that start here leave Ctrl-C to their parent."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
