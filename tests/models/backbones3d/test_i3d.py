import pytest
import torch
import torch.nn.functional as F

from yowo.models.backbones3d.i3d import I3D, MIXED, Mixed, Pool, Unit, padded


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return I3D()


@pytest.mark.parametrize(
    ("frames", "size"), [(8, (64, 96)), (16, (32, 64)), pytest.param(32, (64, 64), marks=pytest.mark.long)]
)
def test_the_feature_has_stride_32_for_every_length_and_size(network, frames, size):
    with torch.no_grad():
        feature = network.eval()(torch.rand(1, 3, frames, *size))
    assert feature.shape == (1, 1024, size[0] // 32, size[1] // 32) and network.out_channels == 1024


def test_gradients_reach_the_stem(network):
    network.train()(torch.rand(2, 3, 8, 32, 32)).square().sum().backward()
    assert network.Conv3d_1a_7x7.conv3d.weight.grad.abs().sum() > 0


def test_it_has_the_published_number_of_weights(network):
    assert sum(p.numel() for p in network.parameters()) == 12_287_264


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "before", "behind"),
    [
        (16, 7, 2, 2, 3),
        (15, 7, 2, 3, 3),
        (8, 3, 2, 0, 1),
        (7, 3, 2, 1, 1),
        (8, 2, 2, 0, 0),
        (7, 2, 2, 0, 1),
        (4, 3, 1, 1, 1),
    ],
)
def test_padding_is_same_with_the_extra_zero_behind(size, kernel, stride, before, behind):
    x = torch.ones(1, 1, size, 1, 1)
    wide = padded(x, (kernel, 1, 1), (stride, 1, 1))[0, 0, :, 0, 0]
    assert wide.tolist() == [0.0] * before + [1.0] * size + [0.0] * behind


def test_poolings_count_the_padding_as_zeros():
    negative = -torch.ones(1, 1, 2, 4, 4)
    assert Pool((1, 3, 3), (1, 2, 2))(negative)[0, 0, 0].tolist() == [[-1, 0], [0, 0]]


def test_a_mixed_block_joins_its_branches_in_order():
    block, x = Mixed(4, (3, 2, 5, 2, 7, 6)).eval(), torch.rand(1, 4, 3, 5, 5)
    out = block(x)
    assert block.out_channels == 3 + 5 + 7 + 6
    assert torch.equal(out[:, :3], block.b0(x))
    assert torch.equal(out[:, 8:15], block.b2b(block.b2a(x)))
    assert torch.equal(out[:, 15:], block.b3b(F.max_pool3d(F.pad(x, [1] * 6), 3, 1)))


def test_norms_are_the_released_networks(network):
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm3d)]
    assert {(n.eps, n.momentum) for n in norms} == {(1e-3, 0.01)} and len(norms) == 3 + 6 * len(MIXED)


def test_a_unit_is_convolution_norm_and_relu():
    unit, x = Unit(2, 3, 3, 2).eval(), torch.randn(1, 2, 5, 6, 6)
    expected = F.conv3d(F.pad(x, [0, 1, 0, 1, 1, 1]), unit.conv3d.weight, stride=2) / (1 + 1e-3) ** 0.5
    assert torch.allclose(unit(x), expected.relu(), atol=1e-6)
