"""Random numbers that a sample draws: they follow from seed, epoch and position, in whichever process it is loaded."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch.utils.data import get_worker_info


@contextmanager
def seeded_sample(seed: int, epoch: int, position: int) -> Iterator[None]:
    """Seed the generators of torch, numpy and Python for the loading of one sample.

    A data worker begins every sample like this, so it has no state that an interrupted training would lose. In the
    process of the training, whose generators serve other purposes too, their states are put back.

    Args:
        seed: Seed of the run.
        epoch: Number of the epoch, counted from 0.
        position: Position of the sample in its split, counted from 0.
    """
    before = None if get_worker_info() else (random.getstate(), np.random.get_state(), torch.get_rng_state())
    first, second, third = np.random.SeedSequence((seed, epoch, position)).generate_state(3, np.uint32).tolist()
    random.seed(first)
    np.random.seed(second)
    torch.default_generator.manual_seed(third)
    try:
        yield
    finally:
        if before is not None:
            random.setstate(before[0])
            np.random.set_state(before[1])
            torch.set_rng_state(before[2])
