import pytest
import torch

from tests.foreign_weights import (
    family_entries,
    foreign,
    names_of,
    small_resnext,
    small_shufflenet,
    small_yolov2,
    small_yowo_plus,
)
from yowo.errors import WeightsError
from yowo.weights.kinds import first, kind_of, state_of

ONE = torch.ones(1)


@pytest.mark.parametrize(
    ("names", "words", "part"),
    [
        (lambda: list(names_of("yowo_ucf24").values()), "the original YOWO", "detector"),
        (lambda: list(names_of("yowo_plus_ava").values()), "YOWO-Plus or YOWO-Nano", "detector"),
        (lambda: list(names_of("yowo_nano_ucf24").values()), "YOWO-Plus or YOWO-Nano", "detector"),
        (lambda: list(small_yowo_plus().state_dict()), "a detector of this project", "detector"),
        (lambda: list(foreign(small_yolov2(), "yowo_plus_ucf24", "backbone2d")), "the 2D backbone YOLOv2 of YOWO-Plus (COCO)", "backbone2d"),
        (lambda: list(foreign(small_yolov2(conv_bias=False), "yowo_ucf24", "backbone2d")), "darknet's YOLOv2", "backbone2d"),
        (lambda: list(small_yolov2().state_dict()), "a 2D backbone of this project", "backbone2d"),
        (lambda: list(foreign(small_resnext(), "yowo_ucf24", "backbone3d")), "a 3D ResNet or ResNeXt (Kinetics)", "backbone3d"),
        (lambda: list(foreign(small_shufflenet(), "yowo_nano_ucf24", "backbone3d")), "a 3D ShuffleNet-v2 (Kinetics)", "backbone3d"),
        (lambda: list(family_entries("yowof_r18_ucf24")), "YOWOF", "detector"),
        (lambda: list(family_entries("yowo_v2_nano_ucf24")), "YOWOv2", "detector"),
        (lambda: list(family_entries("yowo_v3_n_shufflenetv2_ucf24")), "YOWOv3", "detector"),
        (lambda: ["fusions.0.cls.layers.0.conv.weight", "heads.0.cls.bias"], "a detector of this project", "detector"),
        (lambda: ["backbone.layer_1.convs.0.weight", "cls_preds.0.bias"], "FreeYOLO (COCO)", "backbone2d"),
        (lambda: ["net.p1.0.conv.weight", "head.box.0.bias"], "YOWOv3's YOLOv8 (COCO)", "backbone2d"),
        (lambda: ["model.0.conv.weight"], "YOLOv8 (COCO)", "backbone2d"),
        (lambda: ["Conv3d_1a_7x7.conv3d.weight", "logits.conv3d.bias"], "I3D (Kinetics)", "backbone3d"),
        (lambda: ["encoder.weight"], "a state dict of unknown names", "detector"),
    ],
)  # fmt: skip
def test_the_kind_is_found_from_the_names(names, words, part):
    kind = kind_of(names())
    assert (kind.words, kind.part) == (words, part)


@pytest.mark.parametrize(
    ("name", "axes", "words"),
    [
        ("layer1.0.conv1.weight", 4, "a 2D ResNet (torchvision, ImageNet)"),
        ("layer1.0.conv1.weight", 5, "a 3D ResNet or ResNeXt (Kinetics)"),
        ("stage2.0.branch1.0.weight", 4, "a 2D ShuffleNet-v2 (torchvision, ImageNet)"),
        ("cls_head.fc_cls.bias", 4, "a 2D ResNet of MMAction (TSN)"),
        ("backbone.layer1.0.conv1.conv.weight", 4, "a 2D ResNet of MMAction (TSN)"),
        ("backbone.layer1.0.conv1.conv.weight", 5, "a state dict of unknown names"),
    ],
)
def test_two_and_three_dimensions_are_told_by_the_weights(name, axes, words):
    assert kind_of([name], axes).words == words


@pytest.mark.parametrize(
    "wrap", [lambda s: s, lambda s: {"model": s}, lambda s: {"model": {"state_dict": s}, "epoch": 1}]
)
def test_the_state_dict_is_found_at_any_depth(wrap):
    assert state_of(wrap({"a": ONE}), "x") == {"a": ONE}


def test_the_lightning_modules_prefix_and_its_other_entries_are_dropped():
    assert list(state_of({"state_dict": {"detector.a": ONE, "metric.total": ONE}}, "x")) == ["a"]


def test_data_parallels_prefix_is_dropped_wherever_it_stands():
    assert list(state_of({"module.backbone_3d.module.conv1.weight": ONE, "b": ONE}, "x")) == [
        "backbone_3d.conv1.weight",
        "b",
    ]


def test_a_dict_within_itself_ends():
    content = {"epoch": 3}
    content["model"] = content
    with pytest.raises(WeightsError, match=r"x: expected a state dict, got a file with the entries: epoch, model"):
        state_of(content, "x")


def test_no_tensors_are_said():
    with pytest.raises(WeightsError, match=r"expected a state dict, got a file with the entries: epoch$"):
        state_of({"epoch": 3}, "x")
    with pytest.raises(WeightsError, match=r"expected a state dict, got a file with the entries: none"):
        state_of({"state_dict": {}}, "x")


def test_long_lists_are_counted():
    assert first(list("abcdefg")) == "a, b, c, d, e and 2 more"
