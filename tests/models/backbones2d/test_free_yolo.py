import pytest
import torch
from torch import nn

from yowo.errors import ConfigError
from yowo.models.backbones2d.free_yolo import FreeYOLO


@pytest.mark.parametrize(
    ("name", "width", "act"), [("shufflenetv2", 64, nn.LeakyReLU), ("elan_tiny", 64, nn.LeakyReLU)]
)
def test_features_for_classes_and_boxes_on_three_levels(name, width, act):
    net = FreeYOLO(name).eval()
    with torch.no_grad():
        features = net(torch.rand(1, 3, 64, 96))
    assert net.strides == (8, 16, 32) and net.out_channels == (width,) * 3
    for (classes, boxes), stride in zip(features, net.strides, strict=True):
        assert classes.shape == boxes.shape == (1, width, 64 // stride, 96 // stride)
        assert not torch.equal(classes, boxes)
    assert any(isinstance(part, act) for part in net.non_shared_heads.modules())


def test_the_large_one_is_wider_with_silu():
    with torch.device("meta"):
        net = FreeYOLO("elan_large")
    assert net.out_channels == (256,) * 3
    assert all(part[-1].conv.out_channels == 256 for head in net.non_shared_heads for part in head.children())
    assert not any(isinstance(part, (nn.LeakyReLU, nn.ReLU)) for part in net.modules())


def test_norms_are_the_released_ones():
    with torch.device("meta"):
        norms = [part for part in FreeYOLO("shufflenetv2").modules() if isinstance(part, nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.03)}


def test_an_unknown_name_is_refused():
    with pytest.raises(ConfigError, match=r"backbone2d\.name: expected one of shufflenetv2, elan_tiny, elan_large"):
        FreeYOLO("elan_nano")
