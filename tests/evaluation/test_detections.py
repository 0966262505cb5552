import csv

import pytest
import torch

from yowo.errors import AnnotationError, YowoError
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.detections import tabulate_detections, write_csv

VIDEOS = ("Run/a", "Run/b")


def test_a_table_from_single_frames_counts_pixels_and_frames_from_1():
    def found(x, label):
        box = torch.tensor([[x, 0.0, 1.0, 0.5]])
        return {"boxes": box, "scores": torch.tensor([0.5]), "labels": torch.tensor([label])}

    rows = [(1, 4, found(0.5, 1)), (0, 2, found(0.25, 2)), (0, 0, found(0.0, 0))]
    table = tabulate_detections(VIDEOS, [3, 5], [(320, 240), (100, 50)], rows, 3)
    assert table.video.tolist() == [0, 0, 1] and table.frame.tolist() == [1, 3, 5] and table.cls.tolist() == [0, 2, 1]
    assert table.box.tolist() == [[0, 0, 320, 120], [80, 0, 320, 120], [50, 0, 100, 25]]


def test_a_table_from_multi_hot_frames_has_a_row_of_each_box_and_class():
    found = {"boxes": torch.tensor([[0.0, 0.0, 1.0, 1.0]]), "scores": torch.tensor([[0.5, 0.25]])}
    table = tabulate_detections(["a"], [1], [(10, 10)], [(0, 0, found)], 2)
    assert table.cls.tolist() == [0, 1] and table.score.tolist() == [0.5, 0.25]


def test_a_table_without_detections_is_saved_and_read(tmp_path):
    tabulate_detections(VIDEOS, [3, 5], [(1, 1)] * 2, [], 2).save(tmp_path / "none.npz")
    table = DetectionTable.load(tmp_path / "none.npz")
    assert table.videos == VIDEOS and table.box.shape == (0, 4)


def test_frames_outside_their_video_are_refused_when_the_table_is_made():
    found = {"boxes": torch.tensor([[0.0, 0.0, 1.0, 1.0]]), "scores": torch.ones(1), "labels": torch.zeros(1)}
    with pytest.raises(AnnotationError, match=r"detections: row 0: expected frame of 1 .*, got 4"):
        tabulate_detections(["a"], [3], [(10, 10)], [(0, 3, found)], 2)


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
