import json

import pytest
import torch

from tests.foreign_weights import FAMILY, family_entries
from yowo.errors import WeightsError
from yowo.models.backbones2d.free_yolo import FreeYOLO
from yowo.models.backbones2d.resnet import build_resnet2d
from yowo.models.backbones2d.yolov8 import YOLOv8
from yowo.models.backbones3d.resnet import build_resnet3d
from yowo.models.backbones3d.shufflenetv2 import ShuffleNetV2
from yowo.models.conv_lstm import ConvLSTM
from yowo.models.fusion import DecoupledFusion
from yowo.models.yowo_v2 import YOWOv2
from yowo.models.yowo_v3 import YOWOv3
from yowo.models.yowof import YOWOF
from yowo.weights.family_names import (
    BINS,
    from_free_yolo,
    from_shuffle_stages,
    from_yowo_v2,
    from_yowo_v3,
    from_yowof,
)

SQUARES = [[side, side] for side in (16, 32, 64, 128, 256)]
NETWORKS = {
    "yowof_r18_ucf24": lambda: YOWOF(build_resnet2d("resnet18"), ConvLSTM, 24, SQUARES),
    "yowo_v2_nano_ucf24": lambda: YOWOv2(
        FreeYOLO("shufflenetv2"), ShuffleNetV2(), DecoupledFusion, 24, width=64, depthwise=True
    ),
    "yowo_v3_n_shufflenetv2_ucf24": lambda: YOWOv3(
        YOLOv8("n"), ShuffleNetV2(last_conv=True), DecoupledFusion, 24, width=256
    ),
}


def shapes(state):
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


@pytest.mark.parametrize("case", FAMILY)
def test_every_name_of_the_authors_has_one_of_ours_with_the_same_shape(case):
    with torch.device("meta"):
        ours = NETWORKS[case]().state_dict()
    renamed = FAMILY[case][1](family_entries(case))
    assert renamed.keys() - ours.keys() == ({BINS} if "v3" in case else set())
    assert shapes(ours).items() <= shapes(renamed).items()


@pytest.mark.parametrize(
    ("folder", "case", "convert", "make"),
    [
        ("yowof", "yowof_r50_ava", from_yowof, lambda: YOWOF(build_resnet2d("resnet50"), ConvLSTM, 80, SQUARES)),
        ("yowo_v2", "yowo_v2_tiny_ava", from_yowo_v2, lambda: YOWOv2(FreeYOLO("elan_tiny"), ShuffleNetV2("2.0x"), DecoupledFusion, 80)),
        ("yowo_v2", "yowo_v2_large_ucf24", from_yowo_v2, lambda: YOWOv2(FreeYOLO("elan_large"), build_resnet3d("resnext101"), DecoupledFusion, 24, width=256)),
    ],
)  # fmt: skip
def test_the_larger_sizes_have_the_same_names(folder, case, convert, make, shared):
    entries = json.loads((shared / "golden" / folder / f"{case}_state_dict.json").read_text())
    theirs = {name: torch.empty(shape, device="meta") for name, shape in entries}
    with torch.device("meta"):
        assert shapes(convert(theirs)) == shapes(make().state_dict())


@pytest.mark.parametrize("case", FAMILY)
def test_our_own_names_pass_unchanged(case):
    convert = FAMILY[case][1]
    ours = convert(family_entries(case))
    assert list(convert(ours)) == list(ours)


def test_units_are_told_by_their_layers():
    plain, normed = ["a.convs.0.weight", "a.convs.0.bias"], ["b.convs.0.weight", "b.convs.1.running_mean"]
    depthwise = [f"c.0.convs.{layer}.weight" for layer in (0, 1, 3, 4)]
    assert list(from_free_yolo(dict.fromkeys([*plain, *normed, *depthwise, "cls_preds.0.weight"]))) == [
        *("a.weight", "a.bias", "b.conv.weight", "b.norm.running_mean"),
        *("c.0.0.conv.weight", "c.0.0.norm.weight", "c.0.1.conv.weight", "c.0.1.norm.weight", "cls_preds.0.weight"),
    ]


def test_torchvisions_shuffle_net_is_the_inner_network():
    names = ["conv1.0.weight", "stage4.3.branch2.6.bias", "conv5.0.weight", "fc.bias"]
    assert list(from_shuffle_stages(dict.fromkeys(names))) == [
        "backbone.conv1.0.weight",
        "backbone.stage4.3.branch2.6.bias",
        "conv5.0.weight",
        "fc.bias",
    ]


def test_other_distances_are_refused():
    kept = from_yowo_v3({BINS: torch.arange(16.0).reshape(1, 16, 1, 1)})
    assert list(kept) == [BINS]
    for bins in (torch.arange(8.0), torch.arange(16.0).flip(0)):
        with pytest.raises(WeightsError, match=r"dfl\.conv\.weight: expected the distances 0, 1, \.\., 15"):
            from_yowo_v3({BINS: bins})
