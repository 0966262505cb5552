"""A DataLoader that can begin in the middle of an epoch, where an interrupted training was."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from yowo.contracts import ClipBatch, Sample
from yowo.data.samplers import TrainSampler


class ClipLoader(DataLoader[Sample]):
    """A DataLoader whose workers begin with the first batch that is asked for, not when the iterator is made.

    Lightning makes the iterator of a resumed training before it tells the sampler the epoch; workers that began then
    would load the first epoch's samples.

    Attributes:
        start: Epoch, and number of samples of it on all devices together, that need not be loaded again.
    """

    start: tuple[int, int] = (0, 0)

    def __iter__(self) -> Iterator[ClipBatch]:  # type: ignore[override]
        """Yield batches."""
        skipped, self.generator = 0, torch.Generator()  # its own: workers take no number from those of the training
        if isinstance(self.sampler, TrainSampler):
            self.sampler.start = self.start
            mixed = np.random.SeedSequence((self.sampler.seed, self.sampler.epoch))
            self.generator.manual_seed(int(mixed.generate_state(1, np.uint32)[0]))
        elif self.start[1]:  # Lightning's sampler, where a few batches are overfitted
            skipped, self.start = self.start[1] // (self.batch_size or 1), (0, 0)
        yield from islice(super().__iter__(), skipped, None)  # type: ignore[misc]

    def begin_at(self, epoch: int, samples: int) -> None:
        """Leave out the first samples of an epoch; those of later epochs are all loaded.

        Args:
            epoch: Number of the epoch, counted from 0.
            samples: Number of samples, of all processes together.
        """
        self.start = (epoch, samples)

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: the training knows its place. Lightning asks whether the loader can go on."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Do nothing, see `state_dict`."""
