import numpy as np

from yowo.evaluation.class_confusion import class_confusion
from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes

LEFT, RIGHT, NEAR_LEFT = [0.0, 0, 9, 9], [50.0, 0, 59, 9], [3.0, 0, 12, 9]


def count(found, truth, classes=3):
    """Count (frame, class, box, score) against (frame, class, box)."""
    detections = ScoredBoxes(
        np.array([f[0] for f in found], np.int64),
        np.array([f[1] for f in found], np.int64),
        np.array([f[2] for f in found], np.float64).reshape(-1, 4),
        np.array([f[3] for f in found], np.float64),
    )
    labelled = LabelledBoxes(
        np.array([t[0] for t in truth], np.int64),
        np.array([t[1] for t in truth], np.int64),
        np.array([t[2] for t in truth], np.float64).reshape(-1, 4),
    )
    return class_confusion(detections, labelled, classes).counts.tolist()


def test_a_true_box_is_seen_as_the_class_of_the_best_detection_on_it():
    truth = [(0, 0, LEFT), (0, 1, RIGHT), (1, 2, LEFT)]
    found = [(0, 0, LEFT, 0.4), (0, 2, NEAR_LEFT, 0.9), (0, 1, RIGHT, 0.2), (1, 0, RIGHT, 0.9), (2, 0, LEFT, 0.9)]
    assert count(found, truth) == [[0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]


def test_without_detections_all_is_missed_and_without_truth_nothing_counts():
    assert count([], [(0, 1, LEFT)], 2) == [[0, 0, 0], [0, 0, 1]]
    assert count([(0, 1, LEFT, 0.5)], [], 2) == [[0, 0, 0], [0, 0, 0]]
