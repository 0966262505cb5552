import pytest
import torch

from yowo.errors import ConfigError
from yowo.models.narrow_pyramid import NarrowPyramid


@pytest.mark.parametrize("stride", [8, 16, 32])
def test_the_output_has_the_stride_that_was_asked_for(stride):
    net = NarrowPyramid(4, (8, 8, 8), 12, stride).eval()
    assert net.stride == stride
    assert net(torch.rand(2, 4, 16, 24)).shape == (2, 12, 64 // stride, 96 // stride)


def test_coarse_stages_reach_the_fine_output():
    torch.manual_seed(0)
    net = NarrowPyramid(4, (8, 8, 8), 12, 8)
    net(torch.rand(2, 4, 16, 24)).square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert net.stages[2][0].conv.weight.grad.abs().sum() > 0


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match=r"expected stride 8, 16 or 32 and three numbers of channels, got 4, "):
        NarrowPyramid(4, (8, 8, 8), 12, 4)
    with pytest.raises(ConfigError, match=r"three numbers of channels, got 8, \[8, 8\]"):
        NarrowPyramid(4, (8, 8), 12, 8)
