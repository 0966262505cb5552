import pytest
import torch

from yowo.errors import ConfigError
from yowo.models.backbones3d.shufflenetv2 import WIDTHS, ShuffleNetV2, shuffle


def test_shuffle_interleaves_the_halves():
    x = torch.arange(6.0).reshape(1, 6, 1, 1, 1)
    assert shuffle(x).flatten().tolist() == [0, 3, 1, 4, 2, 5]


# counted in the YOWO-Plus authors' programs, whose outputs these networks equal
PARAMETERS = {"0.25x": 81_536, "1.0x": 821_996, "1.5x": 1_823_936, "2.0x": 3_407_472}


@pytest.mark.parametrize("width", WIDTHS)
def test_parameters_of_the_family(width):
    assert sum(p.numel() for p in ShuffleNetV2(width).parameters()) == PARAMETERS[width]


@pytest.mark.parametrize("width", WIDTHS)
def test_shapes_of_the_family(width):
    with torch.device("meta"):
        net = ShuffleNetV2(width)
        out = net(torch.rand(1, 3, 16, 64, 96))
    assert out.shape == (1, WIDTHS[width][-1], 2, 3)


def test_gradients_reach_the_stem_and_time_matters():
    torch.manual_seed(0)
    net = ShuffleNetV2("0.25x", (1, 1, 1))
    clip = torch.rand(2, 3, 8, 32, 32)
    net(clip).square().sum().backward()
    assert net.conv1[0].weight.grad.abs().sum() > 0
    net.eval()
    assert (net(clip) - net(clip.flip(2))).abs().max() > 1e-4


def test_an_unknown_width_is_named():
    with pytest.raises(ConfigError, match=r"backbone3d\.width: expected one of 0\.25x, 1\.0x, 1\.5x, 2\.0x, got '3x'"):
        ShuffleNetV2("3x")
