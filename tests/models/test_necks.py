import pytest
import torch
import torch.nn.functional as F

from yowo.models.necks import ChainELAN, PartialPyramid, PooledPyramid, PoolingLayer, PyramidELAN


def test_three_poolings_in_a_row_see_five_nine_and_thirteen_cells():
    block = PooledPyramid(4, 3).eval()
    x = torch.rand(1, 4, 16, 16)
    inner = block.cv1(x)
    parts = [inner] + [F.max_pool2d(inner, k, 1, padding=k // 2) for k in (5, 9, 13)]
    assert torch.allclose(block(x), block.cv2(torch.cat(parts, dim=1)), atol=1e-6)
    assert type(block.cv1) is type(block.cv2) is torch.nn.Conv2d and block.cv1.bias is not None


def test_poolings_beside_each_other_see_the_same():
    block = PoolingLayer(4, "relu").eval()
    x = torch.rand(1, 4, 16, 16)
    inner = block.cv1(x)
    parts = [inner] + [F.max_pool2d(inner, k, 1, padding=k // 2) for k in (5, 9, 13)]
    assert torch.equal(block(x), block.cv2(torch.cat(parts, dim=1)))


def test_half_of_the_channels_pass_by_the_pooling():
    block = PartialPyramid(8, 6, "silu").eval()
    x = torch.rand(1, 8, 8, 8)
    assert torch.equal(block(x), block.cv3(torch.cat([block.cv1(x), block.m(block.cv2(x))], dim=1)))
    assert block(x).shape == (1, 6, 8, 8)


@pytest.mark.parametrize(("first", "second", "depth", "joined"), [(0.25, 1.0, 2, 16), (0.5, 0.5, 4, 32)])
def test_the_chain_starts_at_the_second_convolution_and_all_are_joined(first, second, depth, joined):
    block = ChainELAN(16, 12, "relu", False, first, second, depth).eval()
    x = torch.rand(1, 16, 8, 8)
    parts = [block.cv1(x), block.cv2(x)]
    for unit in block.cv3:
        parts.append(unit(parts[-1]))
    assert len(block.cv3) == depth and torch.cat(parts, dim=1).shape[1] == joined
    assert torch.equal(block(x), block.out(torch.cat(parts, dim=1)))


@pytest.mark.parametrize(
    ("width", "down", "depthwise"), [(0.5, "pool", True), (0.5, "conv", False), (1.0, "both", False)]
)
def test_the_pyramid_keeps_strides_and_every_level_sees_every_input(width, down, depthwise):
    net = PyramidELAN((8, 12, 16), 10, width, "silu", down, depthwise).eval()
    features = [torch.rand(1, c, s, s, requires_grad=True) for c, s in ((8, 16), (12, 8), (16, 4))]
    levels = net(features)
    assert [tuple(level.shape) for level in levels] == [(1, 10, 16, 16), (1, 10, 8, 8), (1, 10, 4, 4)]
    for level in levels:
        gradients = torch.autograd.grad(level.sum(), features, retain_graph=True)
        assert all(gradient.abs().sum() > 0 for gradient in gradients)
