import json

import pytest
import torch

import yowo
from tests import golden_cases
from tests.foreign_weights import from_released
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.weights.convert import from_yowo_plus


@pytest.mark.parametrize(("case", "model"), [("yowo_nano_ucf24", "yowo_nano"), ("yowo_plus_ucf24", "yowo_plus")])
def test_every_name_of_the_authors_has_one_of_ours_with_the_same_shape(case, model):
    entries = json.loads((golden_cases.FOLDER / f"{case}_state_dict.json").read_text())
    theirs = {name: torch.empty(shape, device="meta") for name, shape in entries}
    ours = yowo.build_model(model, "ucf24", 16).state_dict()
    renamed = from_yowo_plus(theirs)
    assert {n: t.shape for n, t in renamed.items()} == {n: t.shape for n, t in ours.items()}


def test_our_own_names_pass_unchanged():
    state = yowo.build_model("yowo_tiny", "motion", 8).state_dict()
    assert list(from_yowo_plus(state)) == list(state)


@pytest.mark.parametrize("prefix", ["", "module."])
def test_the_original_is_known_by_its_names(prefix):
    entries = json.loads((golden_cases.ORIGINAL / "yowo_ucf24_state_dict.json").read_text())
    with torch.device("meta"):
        theirs = {prefix + name: torch.empty(shape) for name, shape in entries}
        ours = build_detector(compose_config("train", ["model=yowo", "dataset=ucf24"])).state_dict()
    assert {n: t.shape for n, t in from_released(theirs).items()} == {n: t.shape for n, t in ours.items()}


def test_the_darknet_layers_keep_their_order():
    weights = [f"backbone_2d.models.{n}.conv{i}.weight" for n, i in ((0, 1), (6, 5), (12, 9), (22, 18), (26, 21))]
    assert list(from_released(dict.fromkeys(weights))) == [
        "backbone2d.conv_1.0.conv.weight",
        "backbone2d.conv_3.2.conv.weight",
        "backbone2d.conv_5.0.conv.weight",
        "backbone2d.conv_6.4.conv.weight",
        "backbone2d.route.conv.weight",
    ]


def test_yowo_plus_and_our_own_names_are_told_from_the_original():
    assert list(from_released({"module.pred.bias": None})) == ["head.bias"]
    assert list(from_released({"conv_final.weight": None})) == ["head.weight"]
    assert list(from_released({"backbone2d.neck.0.conv.weight": None})) == ["backbone2d.neck.0.conv.weight"]
