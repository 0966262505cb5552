"""Records which sample each process is reading, so that it can be named if its worker is killed, or hangs."""

import os
import re
import time
from multiprocessing import active_children
from typing import NamedTuple

import torch
from torch.utils.data import get_worker_info

SLOTS = 256
"""Most workers that are recorded; further workers are not."""
HERE = SLOTS
"""Row of the process that trains, which reads samples itself if there are no workers."""
KILLED = re.compile(r"DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)")
"""PyTorch's message when a worker was killed."""
ENDING = 2.0
"""Seconds that a killed worker is given to end, after its connection was lost."""
CUT_OFF = (ConnectionError, EOFError, FileNotFoundError)
"""What PyTorch raises instead if the worker dies while the main process receives a batch from it."""


class Reading(NamedTuple):
    """A sample that is being read.

    Attributes:
        process: Number of the process that reads.
        position: Index of the key frame in its split.
        seconds: How long it has been reading.
    """

    process: int
    position: int
    seconds: float


class Breadcrumbs:
    """A table in shared memory with one row per worker, and one for the process that trains.

    A row holds the process id, the position of its sample, whether it is reading it, and since when, in milliseconds of
    the machine's clock.
    """

    def __init__(self) -> None:
        """Create the table, int64 [SLOTS + 1, 4]; forked and spawned workers share it."""
        self._table = torch.full((SLOTS + 1, 4), -1, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def leave(self, position: int) -> None:
        """Record that this process starts to read a sample.

        Args:
            position: Index of the key frame in its split.
        """
        row = _own_row()
        if row <= HERE:
            self._table[row, 0] = os.getpid()
            self._table[row, 1] = position
            self._table[row, 3] = _now()
            self._table[row, 2] = True

    def finish(self) -> None:
        """Record that this process has finished its sample, with or without an error."""
        row = _own_row()
        if row <= HERE:
            self._table[row, 2] = False

    def reading(self) -> list[Reading]:
        """Return the samples that are being read at this moment."""
        now = _now()
        rows = self._table.tolist()
        return [
            Reading(process, position, (now - began) / 1000) for process, position, busy, began in rows if busy == 1
        ]

    def last_of_killed(self, error: BaseException) -> list[int]:
        """Return the positions that killed workers started last; empty if `error` is not about a killed worker."""
        if isinstance(error, CUT_OFF):
            try:
                return self._wait_for_ended()
            except RuntimeError as death:  # PyTorch noticed the death of the worker meanwhile
                error = death
        rows = self._table[:SLOTS, :2].tolist()
        found = KILLED.search(str(error))
        if found is None:
            return []
        killed = {int(number) for number in re.findall(r"\d+", found[1])}
        return [position for process, position in rows if process in killed]

    def _wait_for_ended(self) -> list[int]:
        """Return the positions of workers that ended during a sample; one that is still ending gets a moment."""
        deadline = time.monotonic() + ENDING
        while True:
            alive = {child.pid for child in active_children()}
            rows = self._table[:SLOTS, :3].tolist()
            ended = [position for process, position, busy in rows if busy == 1 and process not in alive]
            if ended or time.monotonic() > deadline:
                return ended
            time.sleep(ENDING / 40)


def _own_row() -> int:
    """Return the row of this process; above `HERE` for workers that are not recorded."""
    worker = get_worker_info()
    if worker is None:
        return HERE
    return int(worker.id) if worker.id < SLOTS else HERE + 1


def _now() -> int:
    return time.monotonic_ns() // 1_000_000
