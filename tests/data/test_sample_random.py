import random

import numpy as np
import torch

from yowo.data import sample_random
from yowo.data.sample_random import seeded_sample


def draws():
    return [random.random(), float(np.random.rand()), float(torch.rand(()))]


def drawn(*key):
    with seeded_sample(*key):
        return draws()


def test_a_sample_draws_the_same_whatever_was_drawn_before_and_another_one_something_else():
    first = drawn(0, 1, 2)
    draws()
    assert drawn(0, 1, 2) == first
    others = [drawn(1, 1, 2), drawn(0, 2, 2), drawn(0, 1, 3)]
    assert all(a != b for other in others for a, b in zip(first, other, strict=True))


def test_the_process_of_the_training_goes_on_with_its_own_numbers(monkeypatch):
    torch.manual_seed(0), np.random.seed(0), random.seed(0)
    expected = draws()
    torch.manual_seed(0), np.random.seed(0), random.seed(0)
    inside = drawn(0, 0, 0)
    assert draws() == expected
    monkeypatch.setattr(sample_random, "get_worker_info", lambda: object())
    drawn(0, 0, 0)
    after = draws()
    drawn(0, 0, 0)
    assert draws() == after and after != inside
