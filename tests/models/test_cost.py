import pytest
import torch

import yowo
from yowo.models.cost import module_costs

pytestmark = pytest.mark.slow


def costs(name, clip_len=16, size=(224, 224), dataset="ucf24"):
    with torch.device("meta"):
        model = yowo.build_model(name, dataset, 16).to("meta")
    return {cost.name: cost for cost in module_costs(model, clip_len, size)}


@pytest.mark.parametrize(
    ("name", "parameters", "giga"),
    [("yowo", 121_095_050, 43.52), ("yowo_plus", 121_105_531, 43.52), ("yowo_nano", 72_784_295, 6.11)],
)
def test_the_sums_are_the_known_figures(name, parameters, giga):
    found = costs(name)
    assert sum(c.parameters for c in found.values()) == parameters
    assert sum(c.multiply_adds for c in found.values()) / 1e9 == pytest.approx(giga, abs=0.006)
    assert found["backbone2d"].shape == (425, 7, 7)
    assert found["head"].shape == (145, 7, 7)


def test_longer_clips_cost_the_3d_backbone_alone_and_size_costs_all():
    short, long, large = costs("yowo_tiny"), costs("yowo_tiny", clip_len=32), costs("yowo_tiny", size=(448, 224))
    assert long["backbone3d"].multiply_adds == 2 * short["backbone3d"].multiply_adds
    assert long["backbone2d"] == short["backbone2d"]
    assert all(large[part].multiply_adds > 1.9 * short[part].multiply_adds for part in short)
    assert large["fusion"].shape == (128, 14, 7)


def test_a_convolution_by_hand():
    found = costs("yowo_tiny")
    assert found["head"].multiply_adds == 128 * 5 * (1 + 24 + 4) * 49
    assert found["head"].parameters == 129 * 145


def test_the_mode_of_the_network_stays():
    with torch.device("meta"):
        model = yowo.build_model("yowo_tiny", "motion", 8).to("meta").train()
    module_costs(model, 8, (96, 128))
    assert model.training
