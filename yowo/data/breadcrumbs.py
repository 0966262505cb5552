"""Which sample each data worker is on, for the moment when one is killed and cannot say so itself."""

import os
import re
from multiprocessing import active_children

import torch
from torch.utils.data import get_worker_info

SLOTS = 256
"""Workers that can leave a trace; more of them leave none."""
KILLED = re.compile(r"DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\)")
"""How PyTorch words the death of a worker."""
CUT_OFF = (ConnectionError, EOFError, FileNotFoundError)
"""What it raises instead, where the worker dies while a batch of its is being taken over."""


class Breadcrumbs:
    """A small table in shared memory: process id, position of the sample, whether it is at it, for each worker."""

    def __init__(self) -> None:
        """Make the table, int64 [SLOTS, 3]; forked and spawned workers see the same one."""
        self._table = torch.full((SLOTS, 3), -1, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def leave(self, position: int) -> None:
        """Note that this worker begins a sample; nothing outside of workers."""
        worker = get_worker_info()
        if worker is not None and worker.id < SLOTS:
            self._table[worker.id, 0] = os.getpid()
            self._table[worker.id, 1] = position
            self._table[worker.id, 2] = True

    def finish(self) -> None:
        """Note that this worker has ended a sample, well or not."""
        worker = get_worker_info()
        if worker is not None and worker.id < SLOTS:
            self._table[worker.id, 2] = False

    def last_of_killed(self, error: BaseException) -> list[int]:
        """Return the positions that killed workers began last; none where `error` is not about a worker's death."""
        rows = self._table.tolist()
        if isinstance(error, CUT_OFF):
            alive = {child.pid for child in active_children()}
            return [position for process, position, busy in rows if busy == 1 and process not in alive]
        found = KILLED.search(str(error))
        if found is None:
            return []
        killed = {int(number) for number in re.findall(r"\d+", found[1])}
        return [position for process, position, _ in rows if process in killed]
