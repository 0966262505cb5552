import json

import pytest

from yowo.config.conf_files import choices
from yowo.reports.published import published_rows, row_of


def test_every_row_has_its_experiment_and_the_reports_figures():
    rows = {row.name: row for row in published_rows()}
    assert len(rows) == 11 and set(rows) <= set(choices("experiment"))
    assert rows["yowo_plus_ucf24"].frame_map == 84.9 and rows["yowo_plus_ucf24"].video_map == 50.5
    assert rows["yowo_nano_ava_k32"].ava_map == 19.5 and rows["yowo_nano_ava_k32"].multiply_adds == 6.0


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
