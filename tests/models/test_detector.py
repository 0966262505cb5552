import pytest
import torch

import yowo
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.errors import ConfigError
from yowo.models.backbones2d.pyramid import Pyramid2D
from yowo.models.backbones2d.yolov2 import YOLOv2
from yowo.models.backbones3d.resnet import tiny_resnet3d
from yowo.models.backbones3d.stacked import StackedFrames
from yowo.models.detector import Detector
from yowo.models.fusion import CFAM
from yowo.models.heads import PRIOR

ANCHORS = [[10.0, 20.0], [30.0, 30.0]]


def fusion(**inputs):
    return CFAM(**inputs, channels=16)


def small(num_classes=3, anchors=ANCHORS, exclusive=None):
    return Detector(YOLOv2(0.125, 16), tiny_resnet3d(8), fusion, num_classes, anchors, exclusive)


@pytest.mark.parametrize(("size", "frames"), [((64, 64), 8), ((32, 96), 16), ((96, 64), 11)])
def test_any_clip_length_and_any_size_divisible_by_32(size, frames):
    raw = small().eval()(torch.rand(2, 3, frames, *size))
    m = size[0] // 32 * size[1] // 32 * 2
    assert raw["conf"].shape == (2, m, 1)
    assert raw["cls"].shape == (2, m, 3)
    assert raw["boxes"].shape == raw["deltas"].shape == (2, m, 4)
    assert raw["image_size"] == size
    assert raw["levels"] == ((32, size[0] // 32, size[1] // 32, 2),)
    assert raw["points"].shape == (m, 2) and raw["strides"].tolist() == [32] * m


def test_the_stride_is_the_backbones():
    backbone = YOLOv2(0.125, 16)
    backbone.stride = 16
    net = Detector(backbone, tiny_resnet3d(8), fusion, 3, ANCHORS)
    assert net.strides == (16,) and net.head.level_stride == 16
    assert net.split(torch.zeros(1, 16, 2, 3))["image_size"] == (32, 48)


def test_the_channels_are_confidences_then_classes_then_boxes():
    net = small()
    prediction = torch.arange(2 * (1 + 3 + 4) * 2.0).reshape(1, 16, 1, 2)
    raw = net.split(prediction)
    assert raw["conf"].flatten().tolist() == [0, 2, 1, 3]
    assert raw["cls"][0, 0].tolist() == [4, 6, 8]
    assert raw["cls"][0, 1].tolist() == [10, 12, 14]
    assert raw["deltas"][0, 2].tolist() == [17, 19, 21, 23]


def test_the_2d_backbone_sees_the_last_frame():
    net = small().eval()
    seen = {}
    net.backbone2d.register_forward_pre_hook(lambda _, args: seen.update(frames=args[0]))
    clip = torch.rand(1, 3, 8, 64, 64)
    net(clip)
    assert torch.equal(seen["frames"], clip[:, :, -1])


def test_predictions_start_from_the_prior():
    bias = small().head.bias
    assert torch.allclose(bias[: 2 * 4].sigmoid(), torch.tensor(PRIOR))
    assert (bias[2 * 4 :].abs() < 1).all()


def test_multi_hot_is_when_not_all_classes_exclude_one_another():
    assert not small().multi_hot
    assert small(exclusive=2).multi_hot


def test_a_clip_that_does_not_fit_is_described():
    with pytest.raises(
        ConfigError, match=r"expected \[B, 3, K, H, W\] with H and W divisible by 32, got \[1, 3, 8, 60"
    ):
        small()(torch.rand(1, 3, 8, 60, 64))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_classes": 0}, r"model\.num_classes: expected at least 1, got 0"),
        ({"anchors": [[1, 2], [3]]}, r"dataset\.anchors: expected pairs .*\[3\]"),
        ({"anchors": [[1, -2]]}, r"dataset\.anchors: expected pairs"),
        ({"exclusive": 4}, r"dataset\.exclusive_classes: expected 0 to 3, got 4"),
    ],
)
def test_impossible_heads_are_described(arguments, message):
    with pytest.raises(ConfigError, match=message):
        small(**arguments)


def test_multiply_adds_are_the_papers():
    from torch.utils.flop_counter import FlopCounterMode

    for name, expected in (("yowo_plus", 43.84), ("yowo_nano", 6.07)):
        with torch.device("meta"):
            net = yowo.build_model(name, "ucf24", 16).eval().to("meta")
            with FlopCounterMode(display=False) as counter:
                net(torch.rand(1, 3, 16, 224, 224, device="meta"))
        assert counter.get_total_flops() / 2e9 == pytest.approx(expected, rel=0.02)


def test_a_given_motion_feature_takes_the_place_of_the_clips_own():
    net, clips = small().eval(), torch.rand(2, 3, 8, 64, 64)
    own = net.motion_feature(clips)
    assert own.shape == (2, net.backbone3d.out_channels, 2, 2)
    assert torch.equal(net(clips[:, :, -1:], own)["cls"], net(clips)["cls"])
    assert not torch.allclose(net(clips, own.flip(0))["cls"], net(clips)["cls"])


def test_gradients_of_channels_last_weights_have_their_strides_so_that_ddp_has_nothing_to_warn_of():
    overrides = ["dataset=motion", "dataset.image_size=32", "backbone3d=shufflenetv2_0.25x", "channels_last=true"]
    detector = build_detector(compose_config("train", overrides))
    raw = detector(torch.randn(2, 3, 8, 32, 32))
    (raw["conf"].sum() + raw["cls"].sum() + raw["boxes"].sum()).backward()
    assert detector.backbone3d.conv1[0].weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert detector.recipe["model"]["channels_last"] is True
    assert not [name for name, weight in detector.named_parameters() if weight.grad.stride() != weight.stride()]


def test_backbones_of_different_strides_are_refused():
    net = Detector(Pyramid2D(2, 8), tiny_resnet3d(2), fusion, 3, ANCHORS)
    with pytest.raises(ConfigError, match=r"backbone3d: its feature has 1 x 2 cells, that of backbone2d 4 x 8; both"):
        net(torch.rand(1, 3, 8, 32, 64))


def test_a_fine_level_has_sixteen_times_as_many_cells():
    net = Detector(Pyramid2D(2, 8), StackedFrames(8, width=2, channels=4, out_channels=8), fusion, 3, ANCHORS).eval()
    raw = net(torch.rand(1, 3, 8, 32, 64))
    assert net.strides == (8,) and raw["levels"] == ((8, 4, 8, 2),)
    assert raw["cls"].shape == (1, 64, 3) and raw["points"][0].tolist() == [4, 4]
