import pytest
import torch

from tests.foreign_weights import foreign, names_of, small_resnext, small_shufflenet, small_yolov2, small_yowo_plus
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
        (lambda: ["encoder.weight"], "a state dict of unknown names", "detector"),
    ],
)  # fmt: skip
def test_the_kind_is_found_from_the_names(names, words, part):
    kind = kind_of(names())
    assert (kind.words, kind.part) == (words, part)


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
