import pytest
import torch

from yowo.errors import ConfigError
from yowo.models.backbones2d.resnet import Basic, Bottleneck, ResNet2D, build_resnet2d


def small(block=Basic, **more):
    torch.manual_seed(0)
    return ResNet2D(block, (1, 1, 1, 1), **more)


@pytest.mark.parametrize(("block", "channels"), [(Basic, 512), (Bottleneck, 2048)])
def test_the_feature_has_stride_32_at_any_size(block, channels):
    net = small(block).eval()
    assert (net.out_channels, net.stride) == (channels, 32)
    for height, width in ((32, 64), (96, 32)):
        assert net(torch.zeros(1, 3, height, width)).shape == (1, channels, height // 32, width // 32)


@pytest.mark.parametrize(
    ("block", "shortcuts"),
    [(Basic, ["layer2", "layer3", "layer4"]), (Bottleneck, ["layer1", "layer2", "layer3", "layer4"])],
)
def test_shortcuts_are_convolved_where_sizes_change(block, shortcuts):
    net = small(block)
    assert [f"layer{n}" for n in range(1, 5) if getattr(net, f"layer{n}")[0].downsample is not None] == shortcuts
    assert net.layer2[0].conv1.stride == ((2, 2) if block is Basic else (1, 1))
    assert net.layer1[0].conv1.stride == (1, 1)


def test_untrained_stages_get_no_gradient_but_learn_their_statistics():
    net = small(untrained_stages=2).train()
    before = net.layer1[0].bn1.running_mean.clone()
    net(torch.randn(2, 3, 64, 64)).sum().backward()
    assert net.conv1.weight.grad is None and net.layer1[0].conv1.weight.grad is None
    assert net.layer2[0].conv1.weight.grad.abs().max() > 0
    assert not torch.equal(net.layer1[0].bn1.running_mean, before)


def test_gradients_reach_the_stem():
    net = small().train()
    net(torch.randn(2, 3, 64, 64)).sum().backward()
    assert net.conv1.weight.grad.abs().max() > 0


def test_an_unknown_name_is_refused():
    with pytest.raises(ConfigError, match=r"backbone2d.name: expected one of .*resnet18.*, got 'resnet99'"):
        build_resnet2d("resnet99")


def test_a_narrow_network_has_its_channels_from_the_stem_on():
    net = build_resnet2d("resnet10", width=16)
    assert net.conv1.out_channels == 16 and net.out_channels == 128
    assert net(torch.zeros(1, 3, 32, 64)).shape == (1, 128, 1, 2)
    with pytest.raises(ConfigError, match=r"backbone2d\.width: expected at least 1, got 0"):
        build_resnet2d("resnet18", width=0)
