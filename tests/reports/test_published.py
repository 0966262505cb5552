import json

import pytest

from yowo.config.compose import compose_config
from yowo.config.conf_files import choices
from yowo.reports.published import published_rows, row_of


def test_every_row_has_its_experiment_and_the_reports_figures():
    rows = {row.name: row for row in published_rows()}
    assert len(published_rows(1)) == 4 and len(published_rows(2)) == 7 and len(rows) == 32
    assert set(rows) == {name for name in choices("experiment") if name.startswith("yowo")}
    assert rows["yowo_plus_ucf24"].frame_map == 84.9 and rows["yowo_plus_ucf24"].video_map == 50.5
    assert rows["yowo_nano_ava_k32"].ava_map == 19.5 and rows["yowo_nano_ava_k16"].multiply_adds == 6.0
    assert rows["yowo_nano_ava_k32"].multiply_adds is None  # published for K = 16 alone


def test_costs_of_the_family_are_those_of_the_clip_length_and_data_set():
    rows = {row.name: row for row in published_rows()}
    assert [rows[f"yowo_v2_medium_ucf24_k{k}"].multiply_adds for k in (16, 32)] == [12.0, 12.7]
    assert (rows["yowof_r18_ucf24"].parameters, rows["yowof_r18_ava_k16"].parameters) == (None, 23.9)
    assert rows["yowo_v3_ava_k16"].multiply_adds is None and "ResNet-101" in rows["yowo_v3_ava_k16"].note
    assert rows["yowo_v3_ava_k16"].figures()["ava_map"] == {"released": pytest.approx(0.2031)}
    assert rows["yowo_v3_ucf24"].evaluate == ("model.fusion_norm_eps=released",)


@pytest.mark.long
def test_every_row_is_what_its_experiment_composes_to():
    for row in published_rows():
        config = compose_config("train", [f"experiment={row.name}", "recipe=released"])
        network = (config.model.name, config.dataset.name, config.dataset.clip_len)
        assert network == (row.model, row.dataset, row.clip_len)
        compose_config("train", [f"experiment={row.name}", *row.evaluate])


def test_a_configuration_finds_its_row():
    assert row_of("yowo_nano", "ava", 32, None).name == "yowo_nano_ava_k32"
    assert row_of("yowo", "ucf24", 16, "lfb").figures() == {
        "row": "yowo_lfb_ucf24",
        "frame_map": {"0.5": pytest.approx(0.873)},
        "video_map": {"0.5": pytest.approx(0.531)},
    }
    assert json.dumps(row_of("yowo", "ava", 16, None).figures()) == json.dumps(
        {"row": "yowo_ava_k16", "ava_map": {"released_every_4th": 0.179}}
    )
    assert row_of("yowo_tiny", "motion", 8, None) is None
