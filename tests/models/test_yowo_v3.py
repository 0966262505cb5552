import math
from functools import partial

import pytest
import torch
from torch import nn

from yowo.errors import ConfigError
from yowo.models.fusion import CoupledFusion, DecoupledFusion
from yowo.models.yowo_v3 import BINS, BinHead, YOWOv3, norm_eps, side_boxes


class Frames(nn.Module):
    """A 2D backbone of one convolution a level."""

    out_channels, strides = (4, 6, 8), (8, 16, 32)

    def __init__(self):
        super().__init__()
        self.levels = nn.ModuleList(nn.Conv2d(3, n, s, s) for n, s in zip(self.out_channels, self.strides, strict=True))

    def forward(self, frames):
        return [level(frames) for level in self.levels]


class Pairs(Frames):
    """One that gives features for classes and for boxes."""

    def forward(self, frames):
        return [(level(frames), -level(frames)) for level in self.levels]


class Clips(nn.Module):
    """A 3D backbone of one convolution."""

    out_channels = 5

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(3, 5, (1, 32, 32), (1, 32, 32))

    def forward(self, clips):
        return self.conv(clips).mean(dim=2)


def made(backbone2d=Frames, fusion=DecoupledFusion, **options):
    torch.manual_seed(0)
    return YOWOv3(backbone2d(), Clips(), partial(fusion, dropout=0.0), 3, width=8, **options)


CLIPS = torch.rand(2, 3, 4, 64, 96, generator=torch.Generator().manual_seed(0))
M = 8 * 12 + 4 * 6 + 2 * 3


@pytest.mark.parametrize("backbone2d", [Frames, Pairs])
@pytest.mark.parametrize("fusion", [CoupledFusion, DecoupledFusion])
def test_it_predicts_on_every_cell_and_every_weight_has_a_gradient(backbone2d, fusion):
    raw = made(backbone2d, fusion)(CLIPS)
    assert raw["cls"].shape == (2, M, 3) and raw["deltas"].shape == (2, M, 4 * BINS) and raw["boxes"].shape == (2, M, 4)
    assert "conf" not in raw and "anchors" not in raw and raw["image_size"] == (64, 96)
    assert [level.predictions for level in raw["levels"]] == [96, 24, 6]
    network = made(backbone2d, fusion)
    raw = network(CLIPS)
    (raw["cls"].sum() + raw["boxes"].square().sum()).backward()
    assert all(p.grad is not None for p in network.parameters())


def test_levels_rows_and_columns_are_in_order():
    network = made().eval()
    with torch.no_grad():
        raw = network(CLIPS)
        feature = network.backbone2d(CLIPS[:, :, -1])[1]
        motion = nn.functional.interpolate(network.backbone3d(CLIPS), size=feature.shape[-2:])
        joined = network.fusions[1](network.cls_branch[1](feature), network.box_branch[1](feature), motion)
        sides, classes = network.heads[1](joined[1], joined[0])
    assert torch.equal(raw["cls"][:, 96 + 2 * 6 + 3], classes[:, :, 2, 3])
    assert torch.equal(raw["deltas"][:, 96 + 2 * 6 + 3], sides[:, :, 2, 3])
    assert raw["points"][96 + 2 * 6 + 3].tolist() == [3.5 * 16, 2.5 * 16] and raw["strides"][96 + 15] == 16


def test_a_feature_of_other_clips_takes_the_place_of_the_3d_backbones():
    network = made().eval()
    other = network.motion_feature(torch.rand(2, 3, 4, 64, 96))
    assert torch.equal(network(CLIPS, network.motion_feature(CLIPS))["cls"], network(CLIPS)["cls"])
    assert not torch.equal(network(CLIPS, other)["cls"], network(CLIPS)["cls"])


def test_boxes_are_expected_distances_in_strides():
    deltas = torch.full((1, 1, 64), -100.0)
    for side, distances in enumerate(([2], [0], [3, 5], [15])):
        for distance in distances:
            deltas[0, 0, 16 * side + distance] = 100.0
    box = side_boxes(deltas, torch.tensor([[20.0, 12.0]]), torch.tensor([8.0]))
    assert torch.allclose(box, torch.tensor([[[20 - 16, 12.0, 20 + 32, 12 + 120]]]), atol=1e-4)


def test_heads_begin_with_the_released_biases():
    head = BinHead(8, 24, 16)
    assert head.box[2].bias.eq(1).all()
    assert torch.allclose(head.cls[2].bias, torch.tensor(math.log(5 / 24 / 14**2)))


@pytest.mark.parametrize(
    ("given", "expected"), [("paper", (1e-3, 1e-3)), ("released", (1e-3, 1e-5)), (1e-4, (1e-4, 1e-4))]
)
def test_the_fusions_epsilon_follows_the_mode(given, expected):
    network = made(fusion_norm_eps=given)
    for mode, eps in zip((True, False, True), (*expected, expected[0]), strict=True):
        network.train(mode)
        norms = [m for m in network.fusions.modules() if isinstance(m, nn.BatchNorm2d)]
        assert {n.eps for n in norms} == {eps}
        assert {n.momentum for n in norms} == {0.1 if given == 1e-4 else 0.03}
    assert norm_eps(given) == expected


@pytest.mark.parametrize("wrong", ["both", 0, -1.0, True])
def test_another_epsilon_is_named(wrong):
    with pytest.raises(ConfigError, match=r"model\.fusion_norm_eps: expected paper, released or a number above 0"):
        norm_eps(wrong)


def test_a_single_level_and_no_3d_backbone_are_refused():
    single = nn.Conv2d(3, 4, 32, 32)
    single.stride_of_levels, single.out_channels = 32, 4
    with pytest.raises(ConfigError, match="backbone2d: YOWOv3 needs features on three levels"):
        YOWOv3(single, Clips(), DecoupledFusion, 3)
    with pytest.raises(ConfigError, match="backbone3d: YOWOv3 needs one"):
        YOWOv3(Frames(), None, DecoupledFusion, 3)
