import math

from yowo.reports.score_figures import class_columns, score_figures, usual_columns

VIDEO = {
    "linker": "trimmed",
    "frames": "annotated",
    "frame_map": {"0.5": 0.25},
    "frame_map_by_frames": {"annotated": {"0.5": 0.25}, "all": {"0.5": 0.125}},
    "frame_ap": {"0.5": {"run": 0.5, "jump": None}},
    "video_map": {"0.2": 0.75, "0.3": 0.5, "0.5": 0.25},
    "video_ap": {"0.2": {"run": 1.0, "jump": 0.5}, "0.3": {"run": 0.1, "jump": 0.5}, "0.5": {"run": 0.0, "jump": 0.5}},
    "published": {"row": "yowo_ucf24", "frame_map": {"0.5": 0.804}},
}


def test_every_mean_has_its_name_its_rule_and_its_published_figure():
    rows = [(figure.name, figure.value, figure.published) for figure in score_figures(VIDEO)]
    assert rows[:3] == [("frame-mAP@0.5", 0.25, 0.804), ("frame-mAP@0.5", 0.125, None), ("video-mAP@0.2", 0.75, None)]
    rules = [figure.rule for figure in score_figures(VIDEO)]
    assert "YOWO's papers" in rules[0] and "ACT, MOC" in rules[1] and rules[2] == "linker trimmed"


def test_published_figures_do_not_stand_beside_figures_over_all_frames():
    every = {**VIDEO, "frames": "all", "frame_map": {"0.5": 0.125}}
    assert [(f.value, f.published) for f in score_figures(every)[:2]] == [(0.125, None), (0.25, None)]


def test_a_group_that_is_not_known_here_is_named_after_its_key_and_brings_its_rule():
    metrics = {"point_map": {"near": 0.5}, "point_ap": {"near": {"run": 0.5}}, "rules": {"point_map": "centres"}}
    assert score_figures(metrics)[0][:3] == ("point-mAP@near", 0.5, "centres")
    assert class_columns(metrics) == {"point AP@near": {"run": 0.5}}


def test_names_that_only_look_like_groups_are_left_out():
    metrics = {"heat_map": 3, "frame_map_key_frame_only": {"0.5": 0.1}, "cap": {"x": 1}}
    assert score_figures(metrics) == [] and usual_columns(metrics) == []


def test_each_group_has_one_usual_column():
    usual = usual_columns(VIDEO)
    assert [(column.group, column.name) for column in usual] == [
        ("frame_ap", "frame AP@0.5"),
        ("video_ap", "video AP@0.5"),
    ]
    assert usual[0].by_class["run"] == 0.5 and math.isnan(usual[0].by_class["jump"])
    assert list(class_columns(VIDEO)) == ["frame AP@0.5", "video AP@0.2", "video AP@0.5"]


def test_people_found_and_right_actions_stand_behind_the_means():
    people = {"ap": 0.5, "recall": 0.75, "iou": 0.5, "num_people": 8, "num_found": 6}
    rows = score_figures({**VIDEO, "people_found": people, "action_right": None})[-3:]
    assert [(figure.name, figure.value) for figure in rows] == [
        ("people found, AP@0.5", 0.5),
        ("people found, recall@0.5", 0.75),
        ("action right", None),
    ]
    assert "6 of 8 people" in rows[1].rule
