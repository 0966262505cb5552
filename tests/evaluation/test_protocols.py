import math

import numpy as np
import pytest

import yowo
from tests.ava_cases import random_rows, write_rows
from tests.make_data import write_annotation
from yowo.datasets.class_lists import PROTOCOLS
from yowo.errors import AnnotationError, YowoError
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.protocols import KINDS, score, score_files


def test_each_protocol_gives_its_part_of_metrics_json(tmp_path):
    detections, truth = random_rows(0)
    metrics = score(
        write_rows(tmp_path / "d.csv", detections, scored=True),
        write_rows(tmp_path / "g.csv", truth, scored=False),
        protocol="ava",
    )
    assert set(metrics["ava_map"]) == {"official", "official_every_4th", "released", "released_every_4th"}
    assert math.isnan(metrics["ava_ap"]["official"]["sit"])


def test_it_is_the_function_of_the_package(tmp_path):
    write_annotation(tmp_path / "a.mat", {"Biking/b": (9, [(3, 2, 8)])})
    empty = DetectionTable.load(_empty(tmp_path / "det.npz"))
    assert empty.videos == ("Biking/b",)
    metrics = yowo.score(tmp_path / "det.npz", tmp_path / "a.mat", protocol="ucf24")
    assert metrics["frame_map"] == {"0.5": 0.0} and metrics["linker"] == "yowo"
    assert list(metrics["video_map"]) == ["0.05", "0.1", "0.2", "0.3", "0.5", "0.75", "0.5:0.95"]
    with pytest.raises(AnnotationError, match=r"protocol k400: expected one of"):
        yowo.score(tmp_path / "det.npz", tmp_path / "a.mat", protocol="k400")


def test_every_protocol_has_its_way_of_scoring():
    assert tuple(KINDS) == PROTOCOLS


@pytest.mark.parametrize(
    ("protocol", "option"),
    [("ava", {"linker": "trimmed"}), ("ava", {"frames": "all"}), ("ucf24", {"exclude": "x.csv"})],
)
def test_an_option_of_another_protocol_is_refused_before_a_file_is_read(protocol, option):
    name = next(iter(option))
    with pytest.raises(YowoError, match=rf"{name}: the protocol {protocol} has no such option; it is for "):
        score("nowhere.npz", "nowhere.mat", protocol, **option)


def test_scores_of_files_offer_metrics_and_details(tmp_path):
    write_annotation(tmp_path / "a.mat", {"Biking/b": (9, [(3, 2, 8)])})
    scores = score_files(_empty(tmp_path / "det.npz"), tmp_path / "a.mat", "ucf24", linker="trimmed")
    assert scores.metrics()["protocol"] == "ucf24" and scores.metrics()["linker"] == "trimmed"
    assert scores.details().worst_videos[0].name == "Biking/b" and scores.details().errors.missed.sum() > 0


def _empty(path):
    ints, floats = np.zeros(0, np.int32), np.zeros(0, np.float32)
    table = DetectionTable(("Biking/b",), np.array([9], np.int32), ints, ints, ints, floats, floats.reshape(0, 4))
    table.save(path)
    return path
