import math
from types import SimpleNamespace

import lightning as L
import pytest
import torch
from torch import nn

from yowo.training.weight_averaging import RampedEMAWeightAveraging


class Module(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))


def averaged(callback, steps=4):
    """The average of a weight that is 0 at first and 1, 2, 3... after each step, and of what is saved."""
    module = Module()
    nn.init.zeros_(module.net[0].weight)
    callback.setup(SimpleNamespace(), module, "fit")
    for step in range(1, steps + 1):
        nn.init.constant_(module.net[0].weight, step)
        module.net[1].running_mean.fill_(step)
        module.net[1].num_batches_tracked.fill_(step)
        callback.on_train_batch_end(SimpleNamespace(global_step=step), module, None, None, step)
    checkpoint = {"state_dict": module.state_dict()}
    callback.on_save_checkpoint(SimpleNamespace(), module, checkpoint)
    return checkpoint["state_dict"]


def test_the_decay_is_constant_and_the_average_begins_with_the_first_step():
    saved = averaged(RampedEMAWeightAveraging(decay=0.9))
    assert saved["net.0.weight"].item() == pytest.approx(0.9**3 * 1 + 0.1 * (0.9**2 * 2 + 0.9 * 3 + 4))
    assert saved["net.1.num_batches_tracked"] == 4


def test_with_a_ramp_the_decay_grows_with_the_steps_from_the_first_weights_on():
    """YOWOv3's: decay (1 - exp(-n / ramp)) in step n, from 1, of weights and running statistics alike."""
    expected = 0.0
    for step in range(1, 5):
        decay = 0.9999 * (1 - math.exp(-step / 3))
        expected = decay * expected + (1 - decay) * step
    saved = averaged(RampedEMAWeightAveraging(decay=0.9999, ramp=3.0))
    assert saved["net.0.weight"].item() == pytest.approx(expected)
    assert saved["net.1.running_mean"].item() == pytest.approx(expected)
    assert saved["net.1.num_batches_tracked"] == 4


def test_its_state_has_the_name_of_earlier_versions():
    assert RampedEMAWeightAveraging().state_key == "EMAWeightAveraging"


def test_what_does_not_change_is_averaged_to_exactly_itself():
    callback = RampedEMAWeightAveraging(decay=0.998)
    values = [torch.randn(50)]
    average = [values[0].clone()]
    for _ in range(20):
        callback._average(average, values, 1)
    assert average[0].equal(values[0])
