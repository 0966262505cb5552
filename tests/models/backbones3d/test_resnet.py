import pytest
import torch

from yowo.errors import ConfigError
from yowo.models.backbones3d.resnet import RESNETS, Basic, PoolShortcut, ResNet3D, build_resnet3d, tiny_resnet3d

# counted in the YOWO-Plus authors' programs, whose outputs these networks equal
PARAMETERS = {
    "resnet18": 33_030_080,
    "resnet50": 46_198_976,
    "resnet101": 85_245_120,
    "resnext50": 25_865_664,
    "resnext101": 47_521_216,
    "resnext152": 65_359_296,
}


@pytest.mark.parametrize("name", RESNETS)
def test_parameters_of_the_family(name):
    with torch.device("meta"):
        net = build_resnet3d(name)
    assert sum(p.numel() for p in net.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", RESNETS)
def test_shapes_of_the_family(name):
    with torch.device("meta"):
        net = build_resnet3d(name)
        out = net(torch.rand(1, 3, 16, 64, 96))
    assert out.shape == (1, net.out_channels, 2, 3)


@pytest.mark.parametrize("frames", [8, 9, 16, 32])
def test_any_clip_length_is_averaged_away(frames):
    net = tiny_resnet3d(8).eval()
    assert net(torch.rand(1, 3, frames, 64, 32)).shape == (1, 64, 2, 1)


def test_a_stem_of_stride_four_without_pooling_gives_features_of_the_same_size():
    net = tiny_resnet3d(8, layers=(0, 1, 1, 1), stem_stride=(2, 4, 4), stem_pool=False).eval()
    assert net(torch.rand(1, 3, 8, 64, 32)).shape == (1, 64, 2, 1)
    sizes = []
    net.layer2.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0].shape[2:]))
    plain = tiny_resnet3d(8).eval()
    plain.layer2.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0].shape[2:]))
    net(torch.rand(1, 3, 8, 64, 32)), plain(torch.rand(1, 3, 8, 64, 32))
    assert sizes[0] == sizes[1] == (4, 16, 8)


def test_the_order_of_frames_matters():
    torch.manual_seed(0)
    net = tiny_resnet3d(8).eval()
    clip = torch.rand(1, 3, 8, 32, 32)
    assert (net(clip) - net(clip.flip(2))).abs().max() > 1e-3


def test_the_shortcut_without_weights_steps_pads_and_passes_gradients():
    x = torch.rand(1, 2, 4, 4, 4, requires_grad=True)
    out = PoolShortcut(5, 2)(x)
    assert torch.equal(out[:, :2], x[:, :, ::2, ::2, ::2]) and (out[:, 2:] == 0).all()
    out.sum().backward()
    assert x.grad.sum() == 2 * 8


def test_an_unknown_member_or_shortcut_is_named():
    with pytest.raises(ConfigError, match=r"backbone3d\.name: expected one of resnet18, .*, got 'resnet34'"):
        build_resnet3d("resnet34")
    with pytest.raises(ConfigError, match=r"backbone3d\.shortcut: expected one of pool, conv, got 'b'"):
        ResNet3D(Basic, (1, 1, 1, 1), (8,) * 4, (8,) * 4, shortcut="b")
    with pytest.raises(ConfigError, match=r"expected four entries in each of layers, middle and outputs"):
        ResNet3D(Basic, (1, 1, 1), (8,) * 4, (8,) * 4)
