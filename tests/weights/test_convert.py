import json

import pytest
import torch

import yowo
from tests import golden_cases
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
