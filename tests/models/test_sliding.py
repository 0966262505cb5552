from functools import partial

import pytest
import torch
from torch import nn

from yowo.errors import ConfigError
from yowo.models.backbones2d.yolov2 import YOLOv2
from yowo.models.backbones3d.resnet import tiny_resnet3d
from yowo.models.backbones3d.shufflenetv2 import ShuffleNetV2
from yowo.models.detector import Detector
from yowo.models.fusion import CFAM
from yowo.models.sliding import SlidingDetector, obstacle
from yowo.models.sliding_past import PastTensors

BACKBONES = {
    "stem of 7": partial(tiny_resnet3d, 4, stem_kernel=(7, 7, 7)),
    "stem of 3": partial(tiny_resnet3d, 4, stem_kernel=(3, 5, 5)),
    "stem of 5 without pooling": partial(tiny_resnet3d, 4, (0, 1, 1, 1), (5, 3, 3), (1, 4, 4), False),
    "stem that steps over frames": partial(tiny_resnet3d, 4, (0, 1, 1, 1), (3, 5, 5), (2, 4, 4), False),
    "stem that steps and pools": partial(tiny_resnet3d, 4, stem_stride=(2, 2, 2)),
    "stem of 1": partial(tiny_resnet3d, 4, stem_kernel=(1, 3, 3)),
    "shufflenet": partial(ShuffleNetV2, "0.25x", (1, 1, 1)),
}


def detector(backbone: nn.Module, channels_last: bool = False) -> Detector:
    """A small detector whose batch norms have statistics and whose biases are not zero."""
    net = Detector(
        YOLOv2(width=0.03, out_channels=8),
        backbone,
        partial(CFAM, channels=16),
        num_classes=3,
        anchors=[(10, 20), (20, 10)],
        channels_last=channels_last,
    )
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.5)
    return net.eval()


def steps(sliding: SlidingDetector, frames: torch.Tensor, take):
    """What `take` gives for each of the frames [n, B, 3, H, W] and its past."""
    past = PastTensors(sliding.past, sliding.kept)
    past.fill(sliding.first(frames[0]))
    for frame in frames:
        result, kept = take(frame, past.tensors())
        past.push(kept)
        yield result


def clips_of(frames: torch.Tensor, clip_len: int):
    """The clip [B, 3, K, H, W] of every frame; frames before the first are copies of it."""
    padded = torch.cat([frames[:1].expand(clip_len - 1, -1, -1, -1, -1), frames])
    for start in range(len(frames)):
        yield padded[start : start + clip_len].permute(1, 2, 0, 3, 4)


def stem_of(backbone, clips: torch.Tensor) -> torch.Tensor:
    """The stem's output, by its layers as they are."""
    stem = backbone.stem_layers()
    x = stem.norm(stem.conv(clips)).relu()
    return nn.functional.max_pool3d(x, 3, 2, 1) if stem.pool else x


@torch.inference_mode()
@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("clip_len", [1, 2, 5, 8])
def test_the_stem_of_every_window_is_that_of_its_clip(name, clip_len):
    torch.manual_seed(clip_len)
    net = detector(BACKBONES[name]())
    frames = torch.randn(clip_len + 5, 2, 3, 32, 64)
    sliding = SlidingDetector(net, clip_len)
    for window, clip in zip(steps(sliding, frames, sliding.window), clips_of(frames, clip_len), strict=True):
        torch.testing.assert_close(window, stem_of(net.backbone3d, clip), rtol=1e-5, atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize(("name", "channels_last"), [("stem of 7", False), ("shufflenet", True)])
def test_every_frame_of_a_video_is_detected_on_as_in_its_clip(name, channels_last):
    torch.manual_seed(0)
    net = detector(BACKBONES[name](), channels_last)
    frames = torch.randn(6, 1, 3, 64, 32)
    sliding = SlidingDetector(net, 4)
    for one, clip in zip(steps(sliding, frames, sliding), clips_of(frames, 4), strict=True):
        for key in ("conf", "cls", "boxes"):
            torch.testing.assert_close(one[key], net(clip)[key], rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_a_frame_that_is_only_remembered_leaves_the_same_past():
    net = detector(BACKBONES["stem of 7"]())
    sliding = SlidingDetector(net, 8)
    first, then = torch.randn(2, 1, 3, 32, 32)
    by_name = dict(zip(sliding.kept, sliding.first(first), strict=True))
    past = [by_name[p.series] for p in sliding.past]
    for one, other in zip(sliding.remember(then, past), sliding.window(then, past)[1], strict=True):
        assert torch.equal(one, other)


@pytest.mark.long
@torch.inference_mode()
def test_it_is_traced_by_torch_export():
    net = detector(BACKBONES["shufflenet"]())
    sliding = SlidingDetector(net, 4)
    frame = torch.randn(1, 3, 32, 32)
    by_name = dict(zip(sliding.kept, sliding.first(frame), strict=True))
    past = [by_name[p.series] for p in sliding.past]
    traced = torch.export.export(sliding, (frame, past)).module()
    (raw, kept), (expected, expected_kept) = traced(frame, past), sliding(frame, past)
    torch.testing.assert_close(raw["boxes"], expected["boxes"])
    torch.testing.assert_close(kept, expected_kept)


def test_what_cannot_slide_is_said():
    assert obstacle(detector(BACKBONES["stem of 7"]())) is None
    assert obstacle(nn.Linear(2, 2)) == "Linear is no network with a 3D backbone"
    plain = nn.Conv3d(3, 4, 3)
    plain.out_channels = 4
    net = detector(plain)
    assert obstacle(net) == "its 3D backbone Conv3d does not tell its stem"
    with pytest.raises(ConfigError, match=r"streaming=exact: its 3D backbone Conv3d .*; set streaming=clip"):
        SlidingDetector(net, 8)
    even = detector(tiny_resnet3d(4, stem_kernel=(4, 3, 3)))
    assert obstacle(even) == "the stem of its 3D backbone ResNet3D is not an odd kernel padded by its half"
    grouped = tiny_resnet3d(4)
    grouped.bn1 = nn.GroupNorm(2, 4)
    assert obstacle(detector(grouped)).startswith("the norm GroupNorm of its 3D backbone's stem cannot be folded")
