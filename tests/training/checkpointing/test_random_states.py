import io
import random

import numpy as np
import torch

from yowo.training.checkpointing.random_states import random_states, restore_random_states

CPU = torch.device("cpu")


def draws():
    return [random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn(), float(torch.randn(()))]


def test_every_generator_goes_on_where_it_was_also_from_a_file():
    random.gauss(0, 1), np.random.randn()  # each keeps a second number
    file = io.BytesIO()
    torch.save(random_states(CPU), file)
    expected = draws()
    draws()
    file.seek(0)
    restore_random_states(torch.load(file, weights_only=True), CPU)
    assert draws() == expected


def test_the_state_of_another_kind_of_device_is_left_out():
    states = random_states(CPU)
    expected = draws()
    states["device"] = {"type": "cuda", "state": torch.zeros(16, dtype=torch.uint8)}
    restore_random_states(states, CPU)
    assert draws() == expected
