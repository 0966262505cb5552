import io
import json
import math

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from yowo.errors import YowoError
from yowo.evaluation.report import class_table, plot_class_ap, write_metrics

SCORES = {"run": 0.5, "swim": math.nan, "jump": 0.25}


def lines(table):
    """What a person sees, a list of words a line."""
    console = Console(width=90, file=io.StringIO())
    console.print(table)
    text = console.file.getvalue()
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in text.splitlines() if "│" in line]


def test_the_table_shows_percent_in_the_given_order_and_the_mean_of_classes_with_ground_truth():
    rows = lines(class_table(SCORES))
    assert [row for row in rows if len(row) == 2] == [
        ["run", "50.00"],
        ["swim", "–"],
        ["jump", "25.00"],
        ["mean", "37.50"],
    ]


def test_the_table_says_what_the_dash_means_only_where_there_is_one():
    assert "the class has no ground truth" in str(class_table(SCORES).caption)
    assert class_table({"run": 0.5}).caption is None


def test_the_table_compares_with_published_figures_over_the_classes_that_both_have():
    table = class_table({**SCORES, "dive": 1.0}, published={"run": 0.6, "swim": 0.9, "jump": 0.2})
    rows = lines(table)
    assert "over the classes that both have" in str(table.caption)
    assert [row for row in rows if len(row) == 4] == [
        ["run", "50.00", "60.00", "-10.00"],
        ["swim", "–", "90.00", ""],
        ["jump", "25.00", "20.00", "+5.00"],
        ["dive", "100.00", "–", ""],
        ["mean", "58.33", "40.00", "-2.50"],
    ]


def test_percentages_are_refused_as_fractions():
    with pytest.raises(YowoError, match=r"AP of run: expected a fraction 0\.\.1, got 84\.9"):
        class_table(SCORES, published={"run": 84.9})


def test_a_table_without_any_ground_truth_has_no_mean():
    assert ["mean", "–"] in lines(class_table({"run": math.nan}))


def test_metrics_are_written_as_plain_json_with_null_for_nan(tmp_path):
    metrics = {
        "protocol": "ucf24",
        "num_key_frames": 12,
        "linker": None,
        "frame_map": {"0.5": torch.tensor(0.5, dtype=torch.float64)},
        "frame_ap": {"0.5": SCORES},
        "thresholds": (np.float64(0.25), np.array([math.nan, 1])),
    }
    write_metrics(tmp_path / "run" / "metrics.json", metrics)
    assert json.loads((tmp_path / "run" / "metrics.json").read_text()) == {
        "protocol": "ucf24",
        "num_key_frames": 12,
        "linker": None,
        "frame_map": {"0.5": 0.5},
        "frame_ap": {"0.5": {"run": 0.5, "swim": None, "jump": 0.25}},
        "thresholds": [0.25, [None, 1]],
    }


def test_metrics_that_json_cannot_hold_are_refused_by_their_key(tmp_path):
    path = tmp_path / "metrics.json"
    with pytest.raises(YowoError, match=r"metrics: frame_map\.0\.5: expected a number, got inf"):
        write_metrics(path, {"frame_map": {"0.5": math.inf}})
    with pytest.raises(YowoError, match=r"metrics: runs\[1\]: expected numbers, text, lists and dicts, got set"):
        write_metrics(path, {"runs": [1, {2}]})
    assert not path.exists()


def test_the_picture_has_a_bar_a_class_as_long_as_its_ap(tmp_path):
    plot_class_ap({"full": 1.0, "half": 0.5, "none": 0.0, "absent": math.nan}, tmp_path / "new" / "ap.png")
    with Image.open(tmp_path / "new" / "ap.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    bar = (np.abs(pixels - [0x4C, 0x78, 0xA8]).sum(axis=2) < 30).sum(axis=1)
    lengths = sorted(set(bar[bar > 20].tolist()))
    assert lengths[0] == pytest.approx(lengths[-1] / 2, rel=0.03)
    assert len([1 for a, b in zip(bar[:-1] > 20, bar[1:] > 20, strict=True) if b > a]) == 2


def test_a_picture_of_unknown_format_is_refused(tmp_path):
    with pytest.raises(YowoError, match=r"ap\.doc: expected a picture's name that ends in \.png, \.svg or \.pdf"):
        plot_class_ap(SCORES, tmp_path / "ap.doc")
