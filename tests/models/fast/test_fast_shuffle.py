import pytest
import torch
from torch import nn

from yowo.models.backbones3d.shufflenetv2 import ShuffleUnit
from yowo.models.fast.fast_shuffle import FastShuffleUnits


@torch.inference_mode()
@pytest.mark.parametrize("stages", [[(12, 3)], [(20, 9), (44, 1), (48, 5)]])
def test_units_give_their_channels_in_their_own_order(stages):
    torch.manual_seed(0)
    units, inputs = [], 6
    for outputs, count in stages:
        for place in range(count):
            units.append(ShuffleUnit(inputs, outputs, 2 if place == 0 else 1))
            inputs = outputs
    plain = nn.Sequential(*units).eval()
    for module in plain.modules():
        if isinstance(module, nn.BatchNorm3d):
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean, std=0.1)
    x = torch.randn(2, 6, 8, 8, 8)
    torch.testing.assert_close(FastShuffleUnits(units)(x), plain(x), rtol=1e-4, atol=1e-4)
