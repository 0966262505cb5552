import pytest
import torch

from tests.foreign_weights import family_entries, names_of, small_resnext, small_yowo, small_yowo_plus
from yowo.models.backbones2d.free_yolo import FreeYOLO
from yowo.models.backbones2d.resnet import build_resnet2d
from yowo.models.backbones2d.yolov8 import SIZES, YOLOv8
from yowo.models.backbones3d.i3d import I3D
from yowo.models.backbones3d.resnet import build_resnet3d
from yowo.models.backbones3d.shufflenetv2 import WIDTHS, ShuffleNetV2
from yowo.weights.opening import open_weights
from yowo.weights.recognise import backbone, likely_parts, likely_setup, made_for, num_classes


@pytest.mark.parametrize(
    ("case", "expected"),
    [("yowo_plus_ucf24", ("yowo_plus", "ucf24")), ("yowo_nano_ucf24", ("yowo_nano", "ucf24")), ("yowo_ucf24", ("yowo", "ucf24")), ("yowo_plus_ava", ("yowo_plus", "ava"))],
)  # fmt: skip
def test_released_files_tell_their_network_and_data_set(case, expected):
    state = {name: torch.empty(32) for name in names_of(case).values()}
    head = "conv_final.weight" if case == "yowo_ucf24" else "pred.weight"
    state[head] = torch.empty(5 * (5 + (80 if "ava" in case else 24)), 4, 1, 1)
    assert likely_setup(open_weights({"model": state})) == expected


def test_our_texts_in_a_safetensors_file_are_believed():
    content = {"state_dict": small_yowo_plus().state_dict(), "metadata": {"model": "m", "dataset": "d"}}
    assert likely_setup(open_weights(content)) == ("m", "d")


def test_what_cannot_be_told_is_none():
    assert likely_setup(open_weights(small_yowo_plus(num_classes=3).state_dict())) == ("yowo_tiny", None)
    assert likely_setup(open_weights(small_resnext().state_dict())) == (None, None)
    assert likely_setup(open_weights({"a": torch.ones(1)})) == (None, None)


def test_classes_are_counted_in_both_orders_of_channels():
    assert num_classes(open_weights(small_yowo_plus(num_classes=21).state_dict())) == 21
    assert num_classes(open_weights(small_yowo().state_dict())) == 24


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("yowof_r18_ucf24", "model=yowof_r18 dataset=ucf24"),
        ("yowo_v2_nano_ucf24", "model=yowo_v2_nano dataset=ucf24"),
        (
            "yowo_v3_n_shufflenetv2_ucf24",
            "model=yowo_v3 dataset=ucf24 backbone2d=yolov8_n backbone3d=shufflenetv2_1.0x",
        ),
    ],
)
def test_the_later_models_tell_network_parts_and_data_set(case, words):
    assert made_for(open_weights(family_entries(case))) == words


def test_other_classes_and_widths_of_the_later_models_are_found():
    state = family_entries("yowo_v3_n_shufflenetv2_ucf24")
    for level in range(3):
        state[f"detection_head.cls.{level}.2.bias"] = torch.empty(80)
        state[f"detection_head.cls.{level}.0.conv.weight"] = torch.empty(64, 64, 3, 3)
    weights = open_weights(state)
    assert num_classes(weights) == 80 and likely_setup(weights) == ("yowo_v3", "ava")
    assert likely_parts(weights, "yowo_v3")[-1] == "model.width=64" and likely_parts(weights, "yowo_v2_nano") == []


@pytest.mark.parametrize(
    ("part", "choices"),
    [
        ("backbone2d", {f"yolov8_{size}": lambda size=size: YOLOv8(size) for size in SIZES}),
        (
            "backbone2d",
            {name: lambda name=name: FreeYOLO(name) for name in ("shufflenetv2", "elan_tiny", "elan_large")},
        ),
        ("backbone2d", {name: lambda name=name: build_resnet2d(name) for name in ("resnet18", "resnet50")}),
        ("backbone3d", {f"shufflenetv2_{width}": lambda width=width: ShuffleNetV2(width) for width in WIDTHS}),
        ("backbone3d", {name: lambda name=name: build_resnet3d(name) for name in ("resnet18", "resnext50")}),
        ("backbone3d", {"i3d": I3D}),
    ],
)
def test_a_backbones_weights_tell_its_choice(part, choices):
    for choice, make in choices.items():
        with torch.device("meta"):
            weights = open_weights(make().state_dict())
        assert backbone(weights, part) == choice and made_for(weights) == f"{part}={choice}"
