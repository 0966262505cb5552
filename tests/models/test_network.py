import pytest
import torch
from torch import nn

from yowo.errors import ConfigError
from yowo.models.network import Network, check_anchors, check_levels, make_fusion


class Least(Network):
    strides = (8, 32)

    def __init__(self, channels_last=False, **more):
        super().__init__(4, **more)
        self.conv = nn.Conv3d(3, 8, 3)
        self.point = nn.Conv2d(8, 1, 1)
        self.lay_out(channels_last)


def test_classes_exclude_each_other_unless_told_otherwise():
    assert Least().exclusive_classes == 4 and not Least().multi_hot
    assert Least(exclusive_classes=2).multi_hot and Least(exclusive_classes=0).multi_hot
    with pytest.raises(ConfigError, match=r"dataset.exclusive_classes: expected 0 to 4, got 5"):
        Least(exclusive_classes=5)
    with pytest.raises(ConfigError, match=r"model.num_classes: expected at least 1, got 0"):
        Network(0)


@pytest.mark.parametrize("shape", [(3, 8, 64, 64), (1, 4, 8, 64, 64), (1, 3, 8, 48, 64), (1, 3, 8, 64, 40)])
def test_clips_of_another_shape_are_refused(shape):
    with pytest.raises(ConfigError, match=r"clips: expected \[B, 3, K, H, W\] with H and W divisible by 32"):
        Least().prepared(torch.zeros(shape))


def test_weights_pictures_and_gradients_lie_with_the_channels_last_if_wanted():
    clips = torch.randn(1, 3, 8, 32, 64)
    assert Least().prepared(clips).is_contiguous()
    net = Least(channels_last=True)
    assert net.conv.weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert net.prepared(clips).is_contiguous(memory_format=torch.channels_last_3d)
    net.point(net.conv(net.prepared(clips)).mean(dim=2)).sum().backward()
    assert net.point.weight.grad.stride() == net.point.weight.stride()


class Leveled(nn.Module):
    strides = (8, 16, 32)


def test_backbones_of_another_number_of_levels_are_refused():
    check_levels(Leveled(), True, "YOWOv2")
    check_levels(nn.Identity(), False, "YOWOF")
    with pytest.raises(ConfigError, match="YOWOF needs features on one level; Leveled gives three levels"):
        check_levels(Leveled(), False, "YOWOF")
    with pytest.raises(ConfigError, match=r"YOWOv2 needs features on three levels .*; Identity gives one level"):
        check_levels(nn.Identity(), True, "YOWOv2")


@pytest.mark.parametrize("anchors", [[], [[1.0]], [[1.0, 0.0]]])
def test_anchors_are_pairs_of_positive_numbers(anchors):
    with pytest.raises(ConfigError, match=r"dataset.anchors: expected pairs of positive width and height"):
        check_anchors(anchors)


def test_a_fusion_of_another_family_is_refused_with_what_fits():
    assert isinstance(make_fusion(lambda inputs: nn.Identity(), "YOWOF", "fusion=conv_lstm", inputs=4), nn.Identity)
    with pytest.raises(ConfigError, match=r"fusion.*YOWOF.*fusion=conv_lstm"):
        make_fusion(lambda inputs_2d, inputs_3d: nn.Identity(), "YOWOF", "fusion=conv_lstm", inputs=4)
