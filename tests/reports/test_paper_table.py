from yowo.reports.paper_table import as_markdown, as_table, costed, notes
from yowo.reports.published import published_rows

OWN = {
    "frame_map": {"0.5": 0.8512},
    "video_map": {"0.5": 0.5},
    "parameters": 121_105_531,
    "multiply_adds": 43_520_000_000,
    "fps": 2.5,
    "device": "cpu",
}


def test_published_and_own_figures_stand_side_by_side():
    rows = published_rows(1)
    text = as_markdown(rows, {"yowo_plus_ucf24": OWN}, 1)
    assert "| YOWO-Plus | 16 | 84.90 / 85.12 | 50.50 / 50.00 | 121.4 / 121.1 | 43.8 / 43.5 | 35.0 / 2.5 |" in text
    assert "| YOWO + LFB | 16 | 87.30 / – | 53.10 / – | 121.4 / – | 43.8 / – | – / – |" in text
    assert "ours on cpu" in text
    assert as_table(rows, {}, 1).row_count == len(rows)


def test_ava_has_the_reports_rule_and_the_official_one():
    rows = published_rows(2)
    own = {"ava_map": {"released_every_4th": 0.2, "official": 0.19}}
    text = as_markdown(rows, {"yowo_nano_ava_k16": own}, 2)
    assert "| YOWO-Nano | 16 | 18.40 / 20.00 | – / 19.00 |" in text


def test_a_system_of_the_family_is_one_line_for_both_data_sets():
    rows = published_rows("family")
    own = {"yowo_v2_nano_ucf24_k16": OWN, "yowo_v2_nano_ava_k16": {"ava_map": {"released_every_4th": 0.13}}}
    text = as_markdown(rows, own, "family")
    assert "| YOWOv2-Nano | 16 | 78.80 / 85.12 | 48.00 / 50.00 | 12.60 / 13.00 | 3.5 / 121.1 | 1.3 / 43.5 |" in text
    assert "| YOWOv3 | 16 | 88.33 / – | – / – | – / – | 59.8 / – | 39.8 / – | – / – |" in text
    assert text.startswith("# The family") and as_table(rows, {}, "family").row_count == 19
    assert any("12.7 G cannot be right" in note and note.startswith("YOWOv2-Medium:") for note in notes(rows))


def test_a_cost_is_counted_for_the_data_set_that_it_is_published_for():
    rows = {row.name: row for row in published_rows("family")}
    yowof = [rows["yowof_r18_ucf24"], rows["yowof_r18_ava_k16"]]
    assert [row.name for row in costed(yowof)] == ["yowof_r18_ava_k16", "yowof_r18_ucf24"]
    own = {"yowof_r18_ava_k16": {"parameters": 23.96e6}, "yowof_r18_ucf24": {"multiply_adds": 4.91e9}}
    assert "| 23.9 / 24.0 | 4.9 / 4.9 | 225.0 / – |" in as_markdown(yowof, own, "family")
