from types import SimpleNamespace

import pytest
import torch
from torch.utils.data import DataLoader

from tests.training.resuming import Numbers
from yowo.data.clip_loader import ClipLoader
from yowo.data.samplers import TrainSampler
from yowo.training.checkpointing import epoch_place
from yowo.training.checkpointing.epoch_place import Start, begin_at, to_keep
from yowo.training.checkpointing.loop_state import Place


def trainer(size, world=1, count=24):
    data = Numbers(count)
    loader = ClipLoader(data, batch_size=size, sampler=TrainSampler(data, 1, num_replicas=world), drop_last=True)
    return SimpleNamespace(train_dataloader=loader, world_size=world, num_training_batches=len(loader))


@pytest.fixture
def batches(monkeypatch):
    """What Lightning's counter is set to."""
    found = []
    monkeypatch.setattr(epoch_place, "set_batches", lambda trainer, number: found.append(number))
    return found


def test_a_place_goes_on_unchanged_with_the_same_batches(batches):
    before = trainer(2, world=2)
    kept = to_keep(before, Place(1, 3), False, Start())
    assert kept == {"epoch": 1, "batches": 3, "validated": False, "samples": 12, "batch": 4, "of": 24}
    again = trainer(2, world=2)
    assert begin_at(again, kept) == Start(1, 12, 3) and not batches
    assert again.train_dataloader.start == (1, 12)


@pytest.mark.parametrize(("size", "world", "done"), [(3, 1, 4), (1, 2, 6), (5, 1, 2), (12, 1, 1)])
def test_samples_are_counted_over_several_interruptions_with_other_batches(batches, size, world, done):
    kept = to_keep(trainer(2, world=2), Place(1, 3), False, Start())
    again = trainer(size, world)
    start = begin_at(again, kept)
    assert start == Start(1, 12, done) and batches == [done]
    left = len(again.train_dataloader) - done
    assert left == 12 // (size * world), "as many batches as the samples that are left allow"
    assert to_keep(again, Place(1, done + 1), False, start)["samples"] == 12 + size * world
    assert to_keep(again, Place(2, 1), False, start)["samples"] == size * world, "the next epoch begins at 0"


def test_a_loader_of_others_keeps_batches_only(batches):
    other = SimpleNamespace(train_dataloader=DataLoader(torch.zeros(4)), world_size=1)
    kept = to_keep(other, Place(1, 3), True, Start())
    assert kept == {"epoch": 1, "batches": 3, "validated": True}
    assert begin_at(trainer(2), kept) == Start(1) and not batches
