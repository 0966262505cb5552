from functools import partial

import pytest
import torch

from tests.models.test_sliding import detector
from yowo.models.backbones3d.resnet import Basic, Bottleneck, ResNet3D
from yowo.models.backbones3d.shufflenetv2 import ShuffleNetV2
from yowo.models.fast import fused_conv
from yowo.models.fast.fast_copy import fast_copy

WIDTHS = [8, 16, 32, 64]
BACKBONES = {
    "basic": partial(ResNet3D, Basic, (1, 2, 1, 1), WIDTHS, WIDTHS, shortcut="pool", stem=8, stem_kernel=(3, 3, 3)),
    "bottleneck": partial(ResNet3D, Bottleneck, (2, 1, 1, 1), WIDTHS, WIDTHS, groups=4, stem=8),
    "shuffle": partial(ShuffleNetV2, "0.25x", (2, 6, 3)),
    "wide shuffle": partial(ShuffleNetV2, "1.0x", (1, 8, 1)),
}


@torch.inference_mode()
@pytest.mark.parametrize("packing", [True, False])
@pytest.mark.parametrize("name", BACKBONES)
def test_the_copy_gives_what_the_network_gives(name, packing, monkeypatch):
    monkeypatch.setattr(fused_conv, "can_pack", lambda: packing)
    torch.manual_seed(0)
    net = detector(BACKBONES[name]())
    torch.nn.init.constant_(net.fusion.layers[2].gamma, 0.3)
    clips = torch.randn(2, 3, 5, 64, 96)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    made = fast_copy(net)
    expected = net(clips)
    for size in (2, 1):
        found = made(clips[:size])
        for key in ("conf", "cls", "boxes"):
            torch.testing.assert_close(found[key], expected[key][:size], rtol=1e-4, atol=1e-4)
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
