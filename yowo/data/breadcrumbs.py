"""Records which sample each data worker is reading, so that the sample can be named if the worker is killed."""

import os
import re
import time
from multiprocessing import active_children

import torch
from torch.utils.data import get_worker_info

SLOTS = 256
"""Most workers that are recorded; further workers are not."""
KILLED = re.compile(r"DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)")
"""PyTorch's message when a worker was killed."""
ENDING = 2.0
"""Seconds that a killed worker is given to end, after its connection was lost."""
CUT_OFF = (ConnectionError, EOFError, FileNotFoundError)
"""What PyTorch raises instead if the worker dies while the main process receives a batch from it."""


class Breadcrumbs:
    """A table in shared memory with one row per worker: process id, position of its sample, whether it is reading."""

    def __init__(self) -> None:
        """Create the table, int64 [SLOTS, 3]; forked and spawned workers share it."""
        self._table = torch.full((SLOTS, 3), -1, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def leave(self, position: int) -> None:
        """Record that this worker starts to read a sample; does nothing in the main process.

        Args:
            position: Index of the key frame in its split.
        """
        worker = get_worker_info()
        if worker is not None and worker.id < SLOTS:
            self._table[worker.id, 0] = os.getpid()
            self._table[worker.id, 1] = position
            self._table[worker.id, 2] = True

    def finish(self) -> None:
        """Record that this worker has finished its sample, with or without an error."""
        worker = get_worker_info()
        if worker is not None and worker.id < SLOTS:
            self._table[worker.id, 2] = False

    def last_of_killed(self, error: BaseException) -> list[int]:
        """Return the positions that killed workers started last; empty if `error` is not about a killed worker."""
        if isinstance(error, CUT_OFF):
            try:
                return self._wait_for_ended()
            except RuntimeError as death:  # PyTorch noticed the death of the worker meanwhile
                error = death
        rows = self._table.tolist()
        found = KILLED.search(str(error))
        if found is None:
            return []
        killed = {int(number) for number in re.findall(r"\d+", found[1])}
        return [position for process, position, _ in rows if process in killed]

    def _wait_for_ended(self) -> list[int]:
        """Return the positions of workers that ended during a sample; one that is still ending gets a moment."""
        deadline = time.monotonic() + ENDING
        while True:
            alive = {child.pid for child in active_children()}
            ended = [position for process, position, busy in self._table.tolist() if busy == 1 and process not in alive]
            if ended or time.monotonic() > deadline:
                return ended
            time.sleep(ENDING / 40)
