import json

import numpy as np
import pytest

from tests.make_data import write_annotation
from yowo.commands.score import PROTOCOLS, run
from yowo.errors import AnnotationError
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.protocols import KINDS


@pytest.fixture
def files(tmp_path):
    write_annotation(tmp_path / "a.mat", {"Biking/b": (9, [(3, 2, 8)])})
    box = np.array([[30, 40, 90, 100]], np.float32)
    one = np.ones(1, np.int32)
    table = DetectionTable(("Biking/b",), np.array([9], np.int32), 0 * one, 3 * one, 2 * one, one / np.float32(2), box)
    table.save(tmp_path / "det.npz")
    return tmp_path


def arguments(folder, *more):
    return [
        "--protocol",
        "ucf24",
        "--detections",
        str(folder / "det.npz"),
        "--annotations",
        str(folder / "a.mat"),
        *more,
    ]


def test_tables_are_shown_and_metrics_json_is_written(files, capsys):
    run(arguments(files, "--output", str(files / "out" / "scores.json"), "--iou", "0.2", "0.5"))
    shown = capsys.readouterr().out
    assert "frame-mAP@0.5" in shown and "video-mAP@0.2" in shown and "WalkingWithDog" in shown
    metrics = json.loads((files / "out" / "scores.json").read_text())
    assert metrics["protocol"] == "ucf24" and list(metrics["video_map"]) == ["0.2", "0.5"]
    assert metrics["frame_ap"]["0.5"]["Diving"] is None
    run(arguments(files, "--report", str(files / "report.html")))
    assert "Tubes over time" in (files / "report.html").read_text()


def test_a_wrong_file_is_an_error_of_the_user(files):
    with pytest.raises(AnnotationError, match=r"no\.npz: there is no such detections file"):
        run(["--protocol", "ucf24", "--detections", str(files / "no.npz"), "--annotations", str(files / "a.mat")])


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit, match="0"):
        run(["--help"])
    assert "--protocol ava" in capsys.readouterr().out


def test_every_protocol_can_be_chosen():
    assert tuple(KINDS) == PROTOCOLS
