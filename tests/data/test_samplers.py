from collections import Counter

import lightning as L
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo, KeyFrames
from yowo.data.samplers import Draw, TrainSampler, balanced_draws, strided
from yowo.errors import ConfigError


def split(lengths, multi_hot=False):
    """Key frames of one video a class, as many as the class's length."""
    tubes = [Tube(label, 0, np.full((n, 4), 0.5, dtype=np.float32)) for label, n in enumerate(lengths)]
    keys = KeyFrames.annotated([AnnotatedVideo(f"v{i}", "", 999, (4, 4), (t,)) for i, t in enumerate(tubes)])
    if multi_hot:
        labels = np.eye(len(lengths), dtype=np.float32)[keys._labels]
        labels[:, 0] = 1  # what everybody does
        keys._labels = labels
    return keys


def positions(sampler, epoch=0):
    sampler.set_epoch(epoch)
    return [draw.position for draw in sampler]


def test_an_epoch_visits_every_key_frame_once_in_an_order_of_its_own():
    sampler = TrainSampler(split([30, 7]), seed=1)
    first, second = positions(sampler, 0), positions(sampler, 1)
    assert sorted(first) == sorted(second) == list(range(37)) and len(sampler) == 37
    assert first != second and first == positions(TrainSampler(split([30, 7]), seed=1), 0)
    assert first != positions(TrainSampler(split([30, 7]), seed=2), 0)


def test_draws_know_their_epoch():
    sampler = TrainSampler(split([3]))
    sampler.set_epoch(4)
    assert next(iter(sampler)) == Draw(next(iter(sampler)).position, 4)


@pytest.mark.parametrize("options", [{}, {"stride": 3}, {"balanced": 1.0}, {"balanced": 0.5, "stride": 2}])
@pytest.mark.parametrize("processes", [2, 3, 4])
def test_processes_share_the_epoch_of_one(options, processes):
    keys = split([30, 7])
    alone = positions(TrainSampler(keys, **options), 5)
    shares = [positions(TrainSampler(keys, **options, num_replicas=processes, rank=r), 5) for r in range(processes)]
    assert len({len(share) for share in shares}) == 1
    together = [position for step in zip(*shares, strict=True) for position in step]
    assert together == [*alone, *alone][: len(together)] and len(together) - len(alone) < processes


def test_the_stride_moves_on_until_all_were_seen():
    sampler = TrainSampler(split([31, 10]), stride=4)
    epochs = [positions(sampler, epoch) for epoch in range(4)]
    assert [len(epoch) for epoch in epochs] == [11] * 4 == [len(sampler)] * 4
    assert all(len(set(epoch)) == 11 for epoch in epochs)
    counts = Counter(position for epoch in epochs for position in epoch)
    assert sorted(counts) == list(range(41)) and sum(counts.values()) - 41 == 3
    assert strided(10, 3, 7).tolist() == [1, 4, 7, 0]


@pytest.mark.parametrize("multi_hot", [False, True])
def test_balanced_epochs_raise_rare_classes(multi_hot):
    keys = split([80, 15, 5], multi_hot)
    label = np.repeat([0, 1, 2], [80, 15, 5])
    drawn = positions(TrainSampler(keys, balanced=True))
    assert len(drawn) == 100
    counts = np.bincount(label[drawn], minlength=3)
    if not multi_hot:
        assert counts.tolist() in ([34, 33, 33], [33, 34, 33], [33, 33, 34])
    else:
        assert counts[2] > 30 and counts[1] > 30
    rare = Counter(position for position in drawn if label[position] == 2)
    assert len(rare) == 5 and max(rare.values()) - min(rare.values()) <= (1 if not multi_hot else 2)
    halfway = np.bincount(label[positions(TrainSampler(keys, balanced=0.5))], minlength=3)
    assert 5 < halfway[2] < counts[2]


def test_balance_of_no_strength_keeps_the_shares_and_classes_that_are_nowhere_get_none():
    classes = [np.arange(80), np.zeros(0, dtype=np.int64), np.arange(80, 100)]
    drawn = balanced_draws(classes, 50, 0.0, np.random.default_rng(0))
    assert ((drawn < 80).sum(), (drawn >= 80).sum(), len(set(drawn.tolist()))) == (40, 10, 50)
    assert len(balanced_draws([classes[1]], 50, 1.0, np.random.default_rng(0))) == 0


def test_impossible_settings_are_named():
    with pytest.raises(ConfigError, match=r"dataset\.balanced: expected false, true, or a number from 0 to 1, got 2"):
        TrainSampler(split([3]), balanced=2)
    with pytest.raises(ConfigError, match=r"dataset\.key_frame_stride: expected a whole number of at least 1, got 0"):
        TrainSampler(split([3]), stride=0)


class Watch(L.LightningModule):
    """Notes what it is fed."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))
        self.seen = []

    def training_step(self, batch, batch_idx):
        self.seen.append(batch.tolist())
        return self.weight * 0

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def test_lightning_keeps_the_sampler_and_tells_it_the_epoch():
    sampler = TrainSampler(split([6]), seed=3, num_replicas=2, rank=0)
    assert isinstance(sampler, DistributedSampler)  # else Lightning would put its own in place
    loader = DataLoader(_Draws(), batch_size=1, sampler=sampler)
    watch = Watch()
    options = {"accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    L.Trainer(max_epochs=2, enable_model_summary=False, **options).fit(watch, loader)
    expected = [[[p, e]] for e in (0, 1) for p in positions(sampler, e)]
    assert watch.seen == expected


class _Draws(torch.utils.data.Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, draw):
        return torch.tensor(draw)
