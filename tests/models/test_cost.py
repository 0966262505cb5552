import pytest
import torch

import yowo
from yowo.models.cost import module_costs

pytestmark = pytest.mark.slow


def costs(name, clip_len=16, size=(224, 224), dataset="ucf24", *overrides):
    with torch.device("meta"):
        model = yowo.build_model(name, dataset, 16, *overrides).to("meta")
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


FAMILY = {
    ("yowof_r18", "ucf24"): (23_312_337, {1: 4.914}),
    ("yowof_r18", "ava"): (23_957_737, {1: 4.979}),
    ("yowof_r50", "ava"): (50_445_033, {1: 11.034}),
    ("yowo_v2_nano", "ucf24"): (3_521_393, {16: 1.237, 32: 1.943}),
    ("yowo_v2_tiny", "ucf24"): (10_879_149, {16: 2.845, 32: 4.382}),
    ("yowo_v2_medium", "ucf24"): (52_025_581, {16: 12.010, 32: 13.547}),
    ("yowo_v2_large", "ucf24"): (109_663_421, {16: 53.350, 32: 91.389}),
    ("yowo_v3", "ucf24"): (59_821_230 - 16, {16: 39.98}),
    ("yowo_v3", "ucf24", "backbone2d=yolov8_n", "backbone3d=shufflenetv2_1.0x"): (25_768_026 - 16, {16: 8.62}),
}
"""Parameters, and billions of multiply-adds by frames, that were counted in the authors' programs. YOWOv3's counts 16 fixed
distances as parameters."""


@pytest.mark.long
@pytest.mark.parametrize("case", FAMILY, ids=" ".join)
def test_the_family_has_the_counts_of_the_authors_programs(case):
    name, dataset, *overrides = case
    parameters, giga = FAMILY[case]
    size = (320, 320) if name.startswith("yowof") else (224, 224)
    for frames, expected in giga.items():
        found = costs(name, frames, size, dataset, *overrides).values()
        assert sum(c.parameters for c in found) == parameters
        assert sum(c.multiply_adds for c in found) / 1e9 == pytest.approx(expected, abs=0.006)


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
