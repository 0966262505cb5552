import pytest
import torch

from yowo.models.backbones2d.pyramid import Pyramid2D


@pytest.mark.parametrize("stride", [8, 32])
@pytest.mark.parametrize("size", [(64, 96), (32, 32)])
def test_shape_of_the_feature(stride, size):
    net = Pyramid2D(4, 10, stride).eval()
    assert (net.out_channels, net.stride) == (10, stride)
    assert net(torch.rand(1, 3, *size)).shape == (1, 10, size[0] // stride, size[1] // stride)


def test_gradients_reach_the_stem():
    net = Pyramid2D(4, 10)
    net(torch.rand(2, 3, 32, 32)).square().sum().backward()
    assert net.stem[0].conv.weight.grad.abs().sum() > 0
