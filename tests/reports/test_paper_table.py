from yowo.reports.paper_table import as_markdown, as_table
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
    rows = [row for row in published_rows() if row.table == 1]
    text = as_markdown(rows, {"yowo_plus_ucf24": OWN}, 1)
    assert "| YOWO-Plus | 16 | 84.90 / 85.12 | 50.50 / 50.00 | 121.4 / 121.1 | 43.8 / 43.5 | 35.0 / 2.5 |" in text
    assert "| YOWO + LFB | 16 | 87.30 / – | 53.10 / – | 121.4 / – | 43.8 / – | – / – |" in text
    assert "ours on cpu" in text
    assert as_table(rows, {}, 1).row_count == len(rows)


def test_ava_has_the_reports_rule_and_the_official_one():
    rows = [row for row in published_rows() if row.table == 2]
    own = {"ava_map": {"released_every_4th": 0.2, "official": 0.19}}
    text = as_markdown(rows, {"yowo_nano_ava_k16": own}, 2)
    assert "| YOWO-Nano | 16 | 18.40 / 20.00 | – / 19.00 |" in text
