"""Ends a run whose data loader hangs on a video, and names the video."""

import os
import signal
import threading
from contextlib import suppress
from types import FrameType
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback

from yowo.data.breadcrumbs import Reading
from yowo.data.datamodule import ClipDataModule
from yowo.errors import DatasetError
from yowo.training.guarding.processes import end_now

LOOKS = 20
"""How often a sample is looked at until its time is over."""
LONGEST = 5.0
"""Most seconds between two looks."""
LAST_WAY = 20.0
"""Seconds after which the process is ended by force, if reading cannot be interrupted."""
ALARM: Any = getattr(signal, "SIGALRM", None)
"""The signal that interrupts this process's own reading; Windows has none."""


class LoaderWatch(Callback):
    """Looks at what is being read, in training, validation and tests; a sample that takes too long ends the run.

    A worker that hangs is killed, and reading in the process itself is interrupted; the data module then tells which
    video it was (`ClipDataModule.hung`). Where a decoder or a file system does not let itself be interrupted, the
    process is ended.
    """

    def __init__(self, seconds: float | None, processes: list[Any] | None = None) -> None:
        """Store the limit.

        Args:
            seconds: Time for one sample in seconds; None or 0 is no limit.
            processes: Processes that end with this one by force.
        """
        self.seconds = seconds or 0.0
        self.processes = [] if processes is None else processes
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._before: Any = None

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Begin to look."""
        data = getattr(trainer, "datamodule", None)
        if not self.seconds or self._thread is not None or not isinstance(data, ClipDataModule):
            return
        if ALARM is not None and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(ALARM, _interrupt_reading(data))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(data, self._over), daemon=True, name="loader-watch")
        self._thread.start()

    def teardown(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """End looking."""
        self._stop()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """End looking."""
        self._stop()

    def _stop(self) -> None:
        self._over.set()
        self._thread = None
        if self._before is not None:
            signal.signal(ALARM, self._before)
            self._before = None

    def _watch(self, data: ClipDataModule, over: threading.Event) -> None:
        while not over.wait(min(self.seconds / LOOKS, LONGEST)):
            with suppress(RuntimeError):  # a data set is being added at this moment
                found = data.longest_reading()
                if found is not None and found[0].seconds > self.seconds:
                    self._end(data, *found, over)
                    return

    def _end(self, data: ClipDataModule, reading: Reading, name: str, over: threading.Event) -> None:
        data.hung = (
            f"reading {name} took more than loader_timeout={self.seconds:g} seconds; check the file and its disk, "
            "leave the video out, or set a longer time (0: no limit)"
        )
        with suppress(OSError):
            if reading.process != os.getpid():
                os.kill(reading.process, getattr(signal, "SIGKILL", signal.SIGTERM))
            elif self._before is not None:
                signal.pthread_kill(threading.main_thread().ident or 0, ALARM)
        if not over.wait(LAST_WAY):
            end_now(data.hung, self.processes)


def _interrupt_reading(data: ClipDataModule) -> Any:
    def handle(number: int, frame: FrameType | None) -> None:
        if data.hung is not None:
            raise DatasetError(data.hung)

    return handle
