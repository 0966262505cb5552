from types import SimpleNamespace

import torch
from lightning.pytorch.callbacks import WeightAveraging

from yowo.training.checkpointing.averaged_constants import averaged_constants, restore_averaged_constants


def trainer(value):
    network = torch.nn.BatchNorm1d(2)
    network.register_buffer("anchors", torch.full((2,), value), persistent=False)
    averaging = WeightAveraging()
    averaging._average_model = SimpleNamespace(module=network)
    return SimpleNamespace(callbacks=[averaging]), network


def test_constants_that_no_state_dict_holds_are_kept_and_set():
    before, _ = trainer(0.1 + 2**-27)
    kept = averaged_constants(before)
    assert list(kept) == ["anchors"]
    after, network = trainer(0.1)
    restore_averaged_constants(after, {**kept, "gone": torch.zeros(1)})
    assert torch.equal(network.anchors, kept["anchors"])


def test_without_averaging_there_are_none():
    assert averaged_constants(SimpleNamespace(callbacks=[WeightAveraging()])) == {}
