import pytest
import torch

from yowo.errors import ConfigError
from yowo.models.backbones2d.yolov8 import CSP, SIZES, Pyramid, Residual, YOLOv8

FRAMES = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", ["pico", "n", "s"])
def test_levels_have_their_channels_and_strides(size):
    network = YOLOv8(size)
    levels = network(FRAMES)
    assert [level.shape[1:] for level in levels] == [
        (channels, 64 // stride, 96 // stride)
        for channels, stride in zip(SIZES[size][0][2:], network.strides, strict=True)
    ]
    assert tuple(network.out_channels) == SIZES[size][0][2:]


def test_gradients_reach_the_first_convolution_and_every_weight():
    network = YOLOv8("n")
    sum(level.square().sum() for level in network(FRAMES)).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_only_blocks_of_the_backbone_add_their_input():
    network = YOLOv8("n")
    added = {name.split(".")[0]: m.add for name, m in network.named_modules() if isinstance(m, Residual)}
    assert added == {"net": True, "fpn": False}


def test_a_chain_joins_both_halves_and_all_of_its_blocks():
    block = CSP(8, 12, 3, add=True).eval()
    x = torch.rand(1, 8, 4, 4)
    parts = [block.conv1(x), block.conv2(x)]
    for inner in block.res_m:
        parts.append(parts[-1] + inner.res_m(parts[-1]))
    assert block.conv3.conv.in_channels == 5 * 6
    assert torch.equal(block(x), block.conv3(torch.cat(parts, dim=1)))


def test_the_pyramids_poolings_follow_each_other():
    block, x = Pyramid(8, 8).eval(), torch.rand(1, 8, 16, 16)
    first = block.conv1(x)
    wide = torch.nn.functional.max_pool2d(first, 13, 1, padding=6)  # three of 5 in a row
    taken = []
    block.conv2.register_forward_pre_hook(lambda module, given: taken.append(given[0]))
    block(x)
    assert torch.equal(taken[0][:, :4], first) and torch.equal(taken[0][:, 12:], wide)


def test_norms_are_the_released_networks():
    norms = [m for m in YOLOv8("n").modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert {(n.eps, n.momentum) for n in norms} == {(1e-3, 0.03)}


def test_an_unknown_size_is_named():
    with pytest.raises(ConfigError, match=r"backbone2d\.size: expected one of pico, n, s, m, l, x, got 'q'"):
        YOLOv8("q")
