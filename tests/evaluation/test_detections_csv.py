import csv

import pytest
import torch

from yowo.errors import YowoError
from yowo.evaluation.detections_csv import write_csv


def test_the_table_for_people_names_classes_and_counts_frames_from_1(tmp_path):
    boxes = torch.tensor([[0.0, 0.25, 0.5, 1.0], [0.1, 0.1, 0.2, 0.2]])
    one = {"boxes": boxes, "scores": torch.tensor([0.75, 0.125]), "labels": torch.tensor([1, 0])}
    none = {"boxes": boxes[:0], "scores": torch.zeros(0), "labels": torch.zeros(0, dtype=torch.int64)}
    path = tmp_path / "out" / "det.csv"
    count = write_csv(path, "match, first half", (320, 240), [(0, none), (1, one)], ["run", "jump"])
    assert count == 2
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["video", "frame", "x1", "y1", "x2", "y2", "score", "label"],
            ["match, first half", "2", "0.00", "60.00", "160.00", "240.00", "0.750000", "jump"],
            ["match, first half", "2", "32.00", "24.00", "64.00", "48.00", "0.125000", "run"],
        ]


def test_the_table_for_people_leaves_out_weak_classes(tmp_path):
    found = {"boxes": torch.rand(2, 4), "scores": torch.tensor([[0.5, 0.1], [0.4, 0.3]])}
    assert write_csv(tmp_path / "det.csv", "a", (10, 10), [(0, found)], ["run", "jump"], score_threshold=0.25) == 3


def test_the_table_for_people_is_not_left_half_written(tmp_path):
    found = {"boxes": torch.rand(1, 4), "scores": torch.tensor([torch.nan]), "labels": torch.tensor([0])}
    with pytest.raises(YowoError, match="a, frame 8: a detection has a NaN"):
        write_csv(tmp_path / "det.csv", "a", (10, 10), [(7, found)], ["run"])
    assert list(tmp_path.iterdir()) == []
