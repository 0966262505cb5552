"""The processes of a run: one that fails ends all of them, and its error is the last one that is told."""

import json
import logging
import os
import re
import signal
import sys
import threading
import time
from contextlib import suppress
from multiprocessing import active_children
from pathlib import Path
from typing import Any, NoReturn, cast

import lightning as L
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch.callbacks import Callback

from yowo.errors import YowoError

log = logging.getLogger(__name__)
WATCHER = "child-process-observer"
"""Name of Lightning's thread that watches the processes of the other devices."""
FAILED = "failed-rank-"
"""Beginning of the names of the files in which failed processes leave their error, in the folder of the run."""
LOOK = 0.5
"""Seconds between two looks at the other processes."""
GRACE = 15.0
"""Seconds in which a process ends by itself after another one has failed; then it is ended."""
AGREED = 60.0
"""Seconds for which the first process waits for the others, where all end for the same reason."""
EXIT_ERROR = 2
LOST = re.compile(
    r"Connection (?:closed|reset|refused|was likely closed)|Broken pipe|[Rr]emote process|TCPStore"
    r"|unhandled (?:system|nccl) error|ncclRemoteError|ncclSystemError|NCCL communicator was aborted"
    r"|[Ss]ocket [Tt]imeout|Timed out waiting|failed to connect|[Cc]onnectFullMesh|[Rr]ead timeout|Application timeout"
)
"""What PyTorch says when another process has gone."""


class ProcessError(YowoError):
    """A process of the run has failed: its error, with its rank."""


class EndProcesses(Callback):
    """Ends the processes of a run together.

    The processes that Lightning has started for the other devices are ended when this one fails or is interrupted. When
    another one fails, its error is known from a file in the folder of the run, or by how it ended; this process then
    ends within `GRACE` seconds, also if it waits for the other one in vain.

    A handler of SIGTERM that was set before keeps its place: Lightning's own asks all processes to answer first, which
    they cannot in the middle of a step, and then ends with exit code 0.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Store the folder.

        Args:
            folder: Folder of the run, which all its processes see; None: other processes' errors are not known.
        """
        self.folder = folder
        self.processes: list[Any] = []
        self.rank, self.world = 0, 1
        self._handler: Any = None
        self._parent: int | None = None  # the first process, if it has started this one
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Remember the handler of SIGTERM before Lightning sets its own; watch the other processes."""
        self._handler = signal.getsignal(signal.SIGTERM)
        self.rank, self.world = trainer.global_rank, trainer.world_size
        self.processes = getattr(trainer.strategy.launcher, "procs", []) or self.processes
        if self.world == 1 or self._thread is not None:
            return
        self.folder = Path(folder) if (folder := trainer.strategy.broadcast(_text(self.folder))) else None
        if self.rank == 0 and self.folder is not None:
            for old in self.folder.glob(f"{FAILED}*.json"):
                old.unlink(missing_ok=True)
        trainer.strategy.barrier("old failures are gone")
        stop_lightnings_watch()
        started_us = isinstance(getattr(trainer.strategy, "cluster_environment", None), LightningEnvironment)
        self._parent = os.getppid() if started_us and trainer.local_rank else None
        self._thread = threading.Thread(target=self._watch, daemon=True, name="other-processes")
        self._thread.start()

    def close(self) -> None:
        """End the watch: the run is over."""
        self._ends.set()

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Put the handler back."""
        self._put_back()

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Put the handler back."""
        self._put_back()

    def on_test_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Put the handler back."""
        self._put_back()

    def _put_back(self) -> None:
        if callable(self._handler) and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._handler)

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """End the other processes before the connection to them closes, which each would report with a traceback."""
        if getattr(exception, "recover", False):  # all processes go on together
            return
        self.close()
        if getattr(exception, "agreed", False):
            _wait(self.processes, AGREED)
        elif is_lost(exception):
            _wait(self.processes, GRACE / 3)
        if self.processes:
            stop_lightnings_watch()
        for process in self.processes:
            if process.poll() is None:
                process.ended_by_us = True
                process.kill()

    def told(self, error: BaseException) -> ProcessError | None:
        """Return the error to end with, and leave this process's own for the others.

        Args:
            error: What this process raised.

        Returns:
            The error of the process that failed first, with its rank; None with one process, and where all processes
            fail for the same reason.
        """
        if self.world == 1 or getattr(error, "agreed", False):
            return None
        if not is_lost(error):
            line = f"rank {self.rank}: {one_line(error)}"
            self._leave(line)
            return ProcessError(line)
        deadline = time.monotonic() + GRACE / 3
        while time.monotonic() < deadline:
            if failure := self.other_failure():
                return ProcessError(failure)
            time.sleep(LOOK / 5)
        return ProcessError(f"rank {self.rank}: another process of the run has ended; its error is in its own output")

    def other_failure(self) -> str | None:
        """Return the error of another process that has failed, with its rank; None if none is known."""
        left = []
        for path in self.folder.glob(f"{FAILED}*.json") if self.folder is not None else ():
            with suppress(OSError, ValueError, KeyError, TypeError):
                record = json.loads(path.read_text(encoding="utf-8"))
                if record["rank"] != self.rank:
                    left.append((record["time"], str(record["line"])))
        if left:
            return min(left)[1]
        for number, process in enumerate(self.processes, start=1):
            code = process.poll()
            if code is not None and code != 0 and not getattr(process, "ended_by_us", False):
                return f"rank {self.rank + number}: {_how_it_ended(code)}"
        if self._parent is not None and os.getppid() != self._parent:
            return "rank 0: ended without a word, as after SIGKILL or when memory runs out"
        return None

    def _leave(self, line: str) -> None:
        if self.folder is None:
            return
        path = self.folder / f"{FAILED}{self.rank}.json"
        beside = path.with_suffix(".part")
        with suppress(OSError):
            beside.write_text(json.dumps({"rank": self.rank, "line": line, "time": time.time()}), encoding="utf-8")
            beside.replace(path)

    def _watch(self) -> None:
        """End this process when another one has failed and this one does not notice, as while it waits for a GPU."""
        while not self._ends.wait(LOOK):
            line = self.other_failure()
            if line is not None and not self._ends.wait(GRACE):
                end_now(line, self.processes)


def is_lost(error: BaseException) -> bool:
    """Return whether an error says that the connection to another process is lost."""
    if isinstance(error, YowoError) or not isinstance(error, (RuntimeError, OSError)):
        return False
    of_torch = type(error).__module__.startswith("torch") and type(error).__name__.startswith("Dist")
    return of_torch or LOST.search(str(error)) is not None


def one_line(error: BaseException) -> str:
    """Return an error in one line, with the kind of error where it is not one of ours."""
    if isinstance(error, SystemExit):
        return f"ended itself with exit code {error.code if isinstance(error.code, int) else int(bool(error.code))}"
    words = " ".join(str(error).split())
    return words if isinstance(error, YowoError) else f"{type(error).__name__}: {words}".rstrip(": ")


def end_now(line: str, processes: list[Any]) -> NoReturn:
    """Tell an error and end this process with the processes that it has started; from any thread."""
    for process in [*processes, *active_children()]:
        with suppress(Exception):
            process.kill()
    log.error("%s", line)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(EXIT_ERROR)


def _text(folder: Path | None) -> str | None:
    return None if folder is None else str(folder.resolve())


def _wait(processes: list[Any], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(process.poll() is None for process in processes):
        time.sleep(LOOK / 5)


def _how_it_ended(code: int) -> str:
    if code > 0:
        return f"ended with exit code {code}"
    with suppress(ValueError):
        name = signal.Signals(-code).name
        more = "; it is what the system does when memory runs out" if name == "SIGKILL" else ""
        return f"was killed by {name}{more}"
    return f"was killed by signal {-code}"


def stop_lightnings_watch() -> None:
    """End Lightning's watch of the other devices' processes: it ends this one by force when it sees them gone."""
    for thread in threading.enumerate():
        if thread.name == WATCHER:
            cast(Any, thread)._run = lambda: True
