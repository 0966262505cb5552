import pytest
import torch

from yowo.models.backbones2d.shufflenetv2 import ShuffleNetV2, ShuffleUnit, shuffle


def test_features_of_three_strides():
    net = ShuffleNetV2().eval()
    with torch.no_grad():
        features = net(torch.rand(1, 3, 32, 64))
    assert [tuple(f.shape) for f in features] == [(1, 116, 4, 8), (1, 232, 2, 4), (1, 464, 1, 2)]


def test_channels_of_the_two_halves_alternate():
    x = torch.arange(6.0).reshape(1, 6, 1, 1)
    assert shuffle(x).flatten().tolist() == [0, 3, 1, 4, 2, 5]


@pytest.mark.parametrize("stride", [1, 2])
def test_a_unit_joins_two_branches(stride):
    unit = ShuffleUnit(8, 8 if stride == 1 else 12, stride).eval()
    x = torch.rand(1, 8, 8, 8)
    passed, worked = (x[:, :4], x[:, 4:]) if stride == 1 else (unit.branch1(x), x)
    assert torch.equal(unit(x), shuffle(torch.cat([passed, unit.branch2(worked)], dim=1)))
