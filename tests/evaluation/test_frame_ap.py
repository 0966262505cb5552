"""Frame-mAP against the figures of the published UCF101-24 evaluation, on the real annotation."""

import json
import math

import numpy as np
import pytest
import scipy.io

from tests.evaluation_cases import as_key_frames
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.frame_ap import frame_average_precision
from yowo.evaluation.frame_map import FrameMAP
from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def expected(shared):
    return json.loads((shared / "golden" / "metrics" / "ucf24_public_expected.json").read_text())


@pytest.fixture(scope="module")
def detections(shared):
    table = DetectionTable.load(shared / "golden" / "metrics" / "ucf24_public_detections.npz", num_classes=24)
    return table, ScoredBoxes(table.frame_numbers(), table.cls.astype(np.int64), table.box.astype(float), table.score)


@pytest.fixture(scope="module")
def truth(shared, detections):
    table, _ = detections
    before = dict(zip(table.videos, np.cumsum(table.num_frames) - table.num_frames, strict=True))
    frames, labels, boxes = [], [], []
    for entry in scipy.io.loadmat(shared / "data" / "ucf101-24-mini" / "finalAnnots.mat")["annot"][0]:
        name = str(entry["name"][0])
        for tube in entry["tubes"].reshape(-1) if name in before else ():
            first, last, label = (int(tube[field].reshape(-1)[0]) for field in ("sf", "ef", "class"))
            corners = tube["boxes"].astype(float)
            corners[:, 2:] += corners[:, :2]
            frames.append(before[name] + np.arange(first - 1, last))
            labels.append(np.full(last - first + 1, label - 1))
            boxes.append(corners)
    return LabelledBoxes(np.concatenate(frames), np.concatenate(labels), np.concatenate(boxes))


def part(boxes, rows):
    columns = [boxes.frames[rows], boxes.labels[rows], boxes.boxes_xyxy[rows]]
    return ScoredBoxes(*columns, boxes.scores[rows]) if isinstance(boxes, ScoredBoxes) else LabelledBoxes(*columns)


def assert_gives(result, figures):
    ap = [math.nan if value is None else value for value in figures["ap"].values()]
    assert result.ap.tolist() == pytest.approx(ap, abs=1e-9, nan_ok=True)
    assert result.map == pytest.approx(figures["map"], abs=1e-9)


def test_all_videos(expected, detections, truth):
    assert_gives(frame_average_precision(detections[1], truth, 24), expected["frame_map"])


def test_a_class_without_detections(expected, detections, truth):
    case = expected["edge_cases"]["drop_class"]
    left = part(detections[1], detections[1].labels != case["dropped_class"])
    assert_gives(frame_average_precision(left, truth, 24), case["frame_map"])


def test_classes_without_ground_truth(expected, detections, truth):
    table, found = detections
    end = table.num_frames[:18].sum()
    result = frame_average_precision(part(found, found.frames < end), part(truth, truth.frames < end), 24)
    assert_gives(result, expected["edge_cases"]["first_18_videos"]["frame_map"])


def test_what_rounding_is_worth(expected, detections, truth):
    figure = expected["how_much_each_rule_matters"]["frame_map_mean"]["coordinates not rounded (reference code)"]
    assert frame_average_precision(detections[1], truth, 24, round_boxes=False).map == pytest.approx(figure, abs=1e-9)


def test_the_metric_on_fractions_in_single_precision(expected, detections, truth):
    table, found = detections
    end = table.num_frames[:18].sum()
    found, truth = part(found, found.frames < end), part(truth, truth.frames < end)
    found = part(found, np.isin(found.frames, truth.frames))
    classes = expected["classes"]
    metric = FrameMAP(classes)
    metric.update(*as_key_frames(found, truth))
    figures = expected["edge_cases"]["first_18_videos"]["frame_map"]
    assert float(metric.compute()["frame_map/0.5"]) == pytest.approx(figures["map"], abs=1e-9)
    ap = {name: math.nan if value is None else value for name, value in figures["ap"].items()}
    assert metric.per_class()["0.5"] == pytest.approx(ap, abs=1e-9, nan_ok=True)
