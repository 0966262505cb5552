from yowo.evaluation.metric_groups import class_groups, mean_groups, merge_reports, usual_key

METRICS = {
    "protocol": "ucf24",
    "frame_map": {"0.5": 0.25},
    "frame_ap": {"0.5": {"run": 0.25}},
    "frame_map_by_frames": {"all": {"0.5": 0.1}},
    "heat_map": 3,
    "cap": None,
}


def test_groups_are_found_by_the_ending_of_their_names():
    assert mean_groups(METRICS) == {"frame_map": {"0.5": 0.25}}
    assert class_groups(METRICS) == {"frame_ap": {"0.5": {"run": 0.25}}}


def test_half_is_the_usual_threshold_and_else_the_first():
    assert usual_key({"0.05": 1, "0.5": 2}) == "0.5" and usual_key({"official": 1, "released": 2}) == "official"


def test_reports_of_several_metrics_become_one_with_the_rules_of_all():
    first, second = {"a_map": {"x": 1.0}, "rules": {"a_map": "one"}}, {"b_map": {"x": 0.5}, "rules": {"b_map": "two"}}
    assert merge_reports([first, second, {"linker": "yowo"}]) == {
        "a_map": {"x": 1.0},
        "b_map": {"x": 0.5},
        "linker": "yowo",
        "rules": {"a_map": "one", "b_map": "two"},
    }
    assert "rules" not in merge_reports([{"linker": "yowo"}]) and first["rules"] == {"a_map": "one"}
