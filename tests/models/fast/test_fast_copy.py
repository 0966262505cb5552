from functools import partial

import pytest
import torch
from torch import nn

from tests.models.test_sliding import detector, steps
from yowo.models.backbones3d.resnet import Basic, Bottleneck, ResNet3D
from yowo.models.backbones3d.shufflenetv2 import ShuffleNetV2
from yowo.models.fast import fused_conv
from yowo.models.fast.fast_copy import fast_copy, shared_fast_copy
from yowo.models.sliding import SlidingDetector, obstacle

WIDTHS = [8, 16, 32, 64]
BACKBONES = {
    "basic": partial(ResNet3D, Basic, (1, 2, 1, 1), WIDTHS, WIDTHS, shortcut="pool", stem=8, stem_kernel=(3, 3, 3)),
    "bottleneck": partial(ResNet3D, Bottleneck, (2, 1, 1, 1), WIDTHS, WIDTHS, groups=4, stem=8),
    "shuffle": partial(ShuffleNetV2, "0.25x", (2, 5, 1)),
    "wide shuffle": partial(ShuffleNetV2, "1.0x", (1, 4, 1)),
}


@torch.inference_mode()
@pytest.mark.parametrize(("name", "packing"), [*((name, True) for name in BACKBONES), ("bottleneck", False)])
def test_the_copy_gives_what_the_network_gives(name, packing, monkeypatch):
    monkeypatch.setattr(fused_conv, "can_pack", lambda: packing)
    torch.manual_seed(0)
    net = detector(BACKBONES[name]())
    torch.nn.init.constant_(net.fusion.layers[2].gamma, 0.3)
    clips = torch.randn(2, 3, 5, 32, 64)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    made = fast_copy(net)
    expected = net(clips)
    feature = net.motion_feature(clips)
    torch.testing.assert_close(made.motion_feature(clips), feature, rtol=1e-4, atol=1e-5 * float(feature.abs().max()))
    for size in (2, 1):
        found = made(clips[:size])
        for key in ("conf", "cls", "boxes"):
            torch.testing.assert_close(found[key], expected[key][:size], rtol=1e-4, atol=1e-4)
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())


@torch.inference_mode()
def test_the_copy_slides_as_the_network_does():
    net = detector(BACKBONES["shuffle"]())
    made = fast_copy(net)
    assert obstacle(made) is None
    frames = torch.randn(6, 1, 3, 32, 32)
    ours, theirs = (SlidingDetector(one, 4) for one in (made, net))
    for one, other in zip(steps(ours, frames, ours), steps(theirs, frames, theirs), strict=True):
        torch.testing.assert_close(one["cls"], other["cls"], rtol=1e-4, atol=1e-4)


def test_a_copy_is_shared_until_a_weight_changes():
    net = detector(BACKBONES["basic"]())
    made = shared_fast_copy(net)
    assert shared_fast_copy(net) is made
    with torch.no_grad():
        net.backbone3d.layer2[0].bn1.running_mean.add_(1)
    assert shared_fast_copy(net) is not made


def test_networks_of_other_families_and_parts_of_users_stay_as_they_are():
    other = nn.Linear(2, 2)
    assert fast_copy(other) is other and shared_fast_copy(other) is other

    class Own(nn.Conv3d):
        def forward(self, x):
            return super().forward(x)[:, :, -1] * 3

    own = Own(3, 8, (4, 1, 1), (1, 32, 32))
    net, clips = detector(own), torch.randn(1, 3, 4, 32, 32)
    net.backbone2d.route.act = nn.SiLU()
    net.backbone2d.neck[0].norm = nn.GroupNorm(1, net.backbone2d.neck[0].conv.out_channels)
    made = fast_copy(net)
    assert type(made.backbone3d) is Own and made.backbone3d is not own
    with torch.inference_mode():
        torch.testing.assert_close(made(clips)["cls"], net(clips)["cls"], rtol=1e-4, atol=1e-4)
