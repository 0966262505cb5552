import io

import pytest
from rich.console import Console

from yowo.reports.terminal_tables import score_tables

VIDEO = {
    "linker": "trimmed",
    "frames": "annotated",
    "frame_map": {"0.5": 0.25},
    "frame_map_by_frames": {"annotated": {"0.5": 0.25}, "all": {"0.5": 0.125}},
    "frame_ap": {"0.5": {"run": 0.5, "jump": None}},
    "video_map": {"0.2": 0.75, "0.5:0.95": 0.0625},
    "video_ap": {"0.2": {"run": 1.0, "jump": 0.5}, "0.3": {"run": 0.123, "jump": 0.5}},
}
AVA = {
    "ava_map": {"official": 0.3, "released_every_4th": 0.2},
    "ava_ap": {"official": {"run": 0.3, "jump": float("nan")}},
}


def shown(metrics):
    console = Console(file=io.StringIO(), width=160)
    for table in score_tables(metrics):
        console.print(table)
    return console.file.getvalue()


@pytest.mark.parametrize("words", ["25.00", "12.50", "ACT, MOC", "YOWO's papers", "linker trimmed", "6.25", "100.00"])
def test_means_say_which_rule_they_follow(words):
    assert words in shown(VIDEO)


def test_some_thresholds_only_are_shown_by_class():
    assert "12.30" not in shown(VIDEO) and "– no ground truth" in shown(VIDEO)


def test_ava_shows_its_rules():
    assert "paper's figures" in shown(AVA) and "30.00" in shown(AVA)


def test_a_new_group_of_figures_is_shown_without_an_edit():
    new = {
        "point_map": {"near": 0.5},
        "point_ap": {"near": {"run": 0.5}},
        "rules": {"point_map": "distance of centres"},
    }
    text = shown(new)
    assert "point-mAP@near" in text and "distance of centres" in text and "point AP@near" in text


def test_metrics_without_ap_by_class_have_one_table():
    assert len(score_tables({"frame_map": {"0.5": 0.5}})) == 1
