import numpy as np

from tests.ava_cases import CLASSES as AVA_CLASSES
from tests.ava_cases import as_table, random_rows
from yowo.contracts import Tube
from yowo.evaluation.ava_protocol import score_ava_rows
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.video_protocol import score_table
from yowo.reports.score_page import write_ava_report, write_video_report

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


def test_the_report_on_videos_names_rules_classes_and_videos(tmp_path):
    write_video_report(scores(), tmp_path / "out" / "r.html", "mine", "ucf24")
    text = (tmp_path / "out" / "r.html").read_text()
    for words in ("frame-mAP@0.5", "ACT, MOC", "&lt;jump&gt;", "a&amp;b", "Kinds of errors", "published", "frame 6"):
        assert words in text
    assert "<jump>" not in text and "http" not in text and "src=" not in text


def test_a_report_without_detections_or_ground_truth_is_written(tmp_path):
    write_video_report(scores(rows=0), tmp_path / "r.html", "none")
    assert "–" in (tmp_path / "r.html").read_text()


def test_the_report_on_ava_has_its_four_rules(tmp_path):
    detections, truth = random_rows(0)
    found = score_ava_rows(as_table(truth), as_table(detections), AVA_CLASSES)
    write_ava_report(found, AVA_CLASSES, tmp_path / "r.html", "ava")
    text = (tmp_path / "r.html").read_text()
    assert "ActivityNet script" in text and "official every 4th" in text and "crouch" in text
