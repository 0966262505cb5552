"""Small messages between the processes of a training, which do not make a GPU wait."""

from typing import Any

import lightning as L
import torch
import torch.distributed as dist


class Processes:
    """The processes of a training; without others every message is its own answer.

    Attributes:
        count: Number of processes.
    """

    def __init__(self, trainer: L.Trainer | None = None) -> None:
        """Connect the processes; all of them do so at the same time.

        Args:
            trainer: The Trainer of this process; None: there are no others.
        """
        self.count = 1 if trainer is None else trainer.world_size
        self._group: Any = dist.new_group(backend="gloo") if self.count > 1 else None

    def greatest(self, *numbers: int) -> list[int]:
        """Return the greatest of each number over the processes, the same in all of them."""
        if self.count == 1:
            return list(numbers)
        message = torch.tensor(numbers)
        dist.all_reduce(message, op=dist.ReduceOp.MAX, group=self._group)
        return [int(number) for number in message]

    def gathered(self, own: Any) -> list[Any]:
        """Return what each process has given, by number of the process."""
        if self.count == 1:
            return [own]
        found: list[Any] = [None] * self.count
        dist.all_gather_object(found, own, group=self._group)
        return found
