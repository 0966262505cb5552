import numpy as np
import pytest

from tests.evaluation_cases import as_rows, random_case
from tests.reference.error_types_reference import kinds
from yowo.evaluation.error_types import error_types
from yowo.evaluation.frame_ap import counted_boxes, match_frames
from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes


def sorted_out(detections, truth, classes=5):
    return error_types(match_frames(detections, truth, classes), counted_boxes(detections, truth), truth)


@pytest.mark.parametrize("seed", range(10))
def test_kinds_equal_those_found_one_by_one(seed):
    detections, truth = random_case(seed)
    errors = sorted_out(detections, truth)
    found, wanted = as_rows(counted_boxes(detections, truth), truth)
    counts, missed, confusion = kinds(found, wanted, 5)
    assert errors.counts.tolist() == counts and errors.missed.tolist() == missed
    assert errors.confusion.tolist() == confusion
    assert (errors.gains >= -1e-12).all()


def test_mending_a_badly_placed_box_gains_what_it_lacks():
    boxes = np.array([[0, 0, 99, 99], [0, 0, 99, 99]], dtype=float)
    truth = LabelledBoxes(np.array([0, 1]), np.zeros(2, np.int64), boxes)
    placed = boxes + np.array([[0, 0, 0, 0], [60, 0, 60, 0]])
    detections = ScoredBoxes(np.array([0, 1]), np.zeros(2, np.int64), placed, np.array([0.5, 0.9]))
    errors = sorted_out(detections, truth, 1)
    assert errors.counts.tolist() == [[1, 1, 0, 0, 0]] and errors.missed.tolist() == [1]
    assert errors.gains[0].tolist() == pytest.approx([0.75, 0, 0, 0])


def test_without_detections_everything_is_missed():
    _, truth = random_case(0)
    nothing = ScoredBoxes(truth.frames[:0], truth.labels[:0], truth.boxes_xyxy[:0], np.zeros(0))
    errors = sorted_out(nothing, truth)
    assert errors.counts.sum() == 0 and errors.missed.sum() == len(truth.labels)
