import math

import pytest
import torch
from torch import nn

from yowo.errors import ConfigError
from yowo.models.fusion import CoupledFusion, DecoupledFusion
from yowo.models.yowo_v2 import YOWOv2, paired, point_boxes


class Frames(nn.Module):
    """A 2D backbone with a feature for classes and one for boxes on each level."""

    out_channels, strides = (4, 4, 4), (8, 16, 32)

    def forward(self, frames):
        levels = [nn.functional.avg_pool2d(frames, stride) for stride in self.strides]
        four = [torch.cat([level, level[:, :1]], dim=1) for level in levels]
        return [(level, -level) for level in four]


class OnePerLevel(Frames):
    """One feature on each level."""

    def forward(self, frames):
        return [classes for classes, _ in super().forward(frames)]


class Clips(nn.Module):
    """A 3D backbone: mean over time and cells."""

    out_channels = 3

    def forward(self, clips):
        return nn.functional.avg_pool2d(clips.mean(dim=2), 32)


def made(backbone2d=Frames, fusion=DecoupledFusion, **options):
    torch.manual_seed(0)
    return YOWOv2(backbone2d(), Clips(), fusion, 5, width=8, **options)


@pytest.mark.parametrize("fusion", [CoupledFusion, DecoupledFusion])
@pytest.mark.parametrize("backbone2d", [Frames, OnePerLevel])
@pytest.mark.parametrize("depthwise", [False, True])
def test_shapes_and_grid(fusion, backbone2d, depthwise):
    raw = made(backbone2d, fusion, depthwise=depthwise)(torch.rand(2, 3, 4, 64, 96))
    count = 8 * 12 + 4 * 6 + 2 * 3
    assert raw["conf"].shape == (2, count, 1) and raw["cls"].shape == (2, count, 5)
    assert raw["boxes"].shape == raw["deltas"].shape == (2, count, 4)
    assert raw["points"][[0, 1, 12, 96, 120]].tolist() == [[4, 4], [12, 4], [4, 12], [8, 8], [16, 16]]
    assert raw["strides"].unique().tolist() == [8, 16, 32] and "anchors" not in raw


def test_boxes_are_around_points():
    deltas = torch.tensor([[0.5, -0.25, 0.0, math.log(2.0)]])
    boxes = point_boxes(deltas, torch.tensor([[20.0, 12.0]]), torch.tensor([8.0]))
    assert torch.allclose(boxes, torch.tensor([[20.0, 2, 28, 18]]))


def test_the_confidence_and_the_box_come_from_the_branch_of_boxes():
    net = made().eval()
    clips = torch.rand(1, 3, 4, 64, 64)
    before = net(clips)
    with torch.no_grad():
        for head in net.heads:
            head.cls_head[1].conv.weight.mul_(-1)
    after = net(clips)
    assert torch.equal(before["conf"], after["conf"]) and torch.equal(before["boxes"], after["boxes"])
    assert not torch.equal(before["cls"], after["cls"])


def test_the_key_frame_is_the_last_and_all_frames_give_the_motion():
    net = made().eval()
    clips = torch.rand(1, 3, 4, 64, 64)
    key, plain = clips[:, :, -1], net(clips)["cls"]
    feature = net.motion_feature(clips)
    assert torch.equal(net(key[:, :, None].expand(-1, -1, 4, -1, -1), feature)["cls"], plain)
    assert not torch.equal(net(clips.flip(2), feature)["cls"], plain)


def test_heads_start_sure_of_nothing_and_norms_are_the_released_ones():
    net = made()
    for head in net.heads:
        assert torch.allclose(head.conf.bias.sigmoid(), torch.tensor(0.01))
        assert torch.allclose(head.cls.bias.sigmoid(), torch.tensor(0.01))
    norms = [part for part in (*net.heads.modules(), *net.fusions.modules()) if isinstance(part, nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.03)}


def test_one_feature_of_a_level_serves_classes_and_boxes():
    one, two = torch.zeros(1), torch.ones(1)
    assert paired(one) == (one, one) and paired((one, two)) == (one, two)


def test_a_backbone_with_one_level_is_refused():
    single = nn.Identity()
    single.out_channels, single.stride = 4, 32
    with pytest.raises(ConfigError, match="three levels"):
        YOWOv2(single, Clips(), DecoupledFusion, 3)
    with pytest.raises(ConfigError, match="divisible by 32"):
        made()(torch.rand(1, 3, 4, 60, 64))
