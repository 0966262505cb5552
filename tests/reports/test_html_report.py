import re

import numpy as np
import pytest

from tests.ava_cases import CLASSES as AVA_CLASSES
from tests.ava_cases import as_table, random_rows
from yowo.contracts import Tube
from yowo.datasets.class_lists import class_list
from yowo.evaluation.ava_protocol import score_ava_rows
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.score_details import ScoreDetails
from yowo.evaluation.video_protocol import score_table
from yowo.reports.html_report import write_page

BOX = np.array([10, 10, 60, 80], np.float32)


def scores(rows=6, classes=("run", "<jump>")):
    truth = {"a&b": [Tube(0, 0, np.tile(BOX, (6, 1)))], "empty": []}
    table = DetectionTable(
        ("a&b", "empty"),
        np.array([6, 4], np.int32),
        np.zeros(rows, np.int32),
        np.arange(1, rows + 1, dtype=np.int32),
        np.arange(rows, dtype=np.int32) % 2,
        np.linspace(0.2, 0.9, rows, dtype=np.float32),
        np.tile(BOX, (rows, 1)),
    )
    return score_table(table, truth, classes)


def written(folder, found, title="mine"):
    write_page(folder / "out" / "r.html", title, found.metrics(), found.details())
    return (folder / "out" / "r.html").read_text()


def test_the_report_on_videos_names_rules_classes_and_videos(tmp_path):
    text = written(tmp_path, scores())
    for words in ("frame-mAP@0.5", "ACT, MOC", "&lt;jump&gt;", "a&amp;b", "Kinds of errors", "frame 6", "2 videos, 6"):
        assert words in text
    assert "<jump>" not in text and "http" not in text and "src=" not in text and "published" not in text


def test_published_figures_stand_beside_those_on_the_same_classes(tmp_path):
    text = written(tmp_path, scores(classes=tuple(class_list("ucf24"))))
    assert "frame AP@0.5, published" in text and "YOWO-Plus as its authors report it" in text


def test_the_page_is_the_same_each_time_and_its_parts_have_different_names(tmp_path):
    text = written(tmp_path, scores())
    assert text == written(tmp_path, scores())
    names = re.findall(r' id="([^"]+)"', text)
    assert len(names) == len(set(names))


def test_a_report_without_detections_is_written(tmp_path):
    assert "–" in written(tmp_path, scores(rows=0))


def test_the_report_on_ava_has_its_four_rules_and_counts_boxes(tmp_path):
    detections, truth = random_rows(0)
    found = score_ava_rows(as_table(truth), as_table(detections), AVA_CLASSES)
    text = written(tmp_path, found)
    assert "ActivityNet script" in text and "official every 4th" in text and "crouch" in text
    assert "people found, AP@0.5" in text and "action right" in text
    assert "<th>boxes</th>" in text and "Kinds of errors" not in text and "Tubes over time" not in text


@pytest.mark.parametrize("metrics", [{"point_map": {"near": 0.5}}, {}])
def test_sections_without_data_are_left_out(tmp_path, metrics):
    write_page(tmp_path / "r.html", "t", metrics, ScoreDetails())
    text = (tmp_path / "r.html").read_text()
    assert ("point-mAP@near" in text) is bool(metrics) and "<h2>" not in text
