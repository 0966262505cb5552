import numpy as np

from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes, match_by_class


def boxes(*corners):
    return np.array(corners, dtype=float).reshape(-1, 4)


def detections(frames, labels, corners, scores):
    return ScoredBoxes(np.array(frames), np.array(labels), boxes(*corners), np.array(scores, dtype=np.float32))


def truth(frames, labels, corners):
    return LabelledBoxes(np.array(frames), np.array(labels), boxes(*corners))


NEAR, FAR = (0, 0, 9, 9), (20, 0, 29, 9)


def test_a_detection_looks_at_the_ground_truth_of_its_frame_and_class_only():
    found = detections([0, 1, 0], [0, 0, 1], [NEAR] * 3, [0.9, 0.8, 0.7])
    first, second = match_by_class(found, truth([0], [0], [NEAR]), 2)
    assert first.overlap.tolist() == [1, 0] and first.truth.tolist() == [0, -1] and first.num_truth == 1
    assert second.overlap.tolist() == [0] and second.truth.tolist() == [-1] and second.num_truth == 0


def test_there_is_no_second_choice_when_the_best_box_is_taken():
    wanted = truth([0, 0], [0, 0], [(0, 0, 9, 9), (0, 3, 9, 12)])
    found = detections([0, 0], [0, 0], [(0, 0, 9, 9), (0, 1, 9, 10)], [0.9, 0.8])
    (match,) = match_by_class(found, wanted, 1)
    assert match.truth.tolist() == [0, 0]
    assert match.hits(0.5).tolist() == [True, False]


def test_of_equally_good_ground_truths_the_first_counts():
    (match,) = match_by_class(detections([0], [0], [NEAR], [0.5]), truth([0, 0, 0], [0] * 3, [FAR, NEAR, NEAR]), 1)
    assert match.truth.tolist() == [1]


def test_a_weak_overlap_does_not_take_the_box():
    found = detections([0, 0], [0, 0], [(0, 0, 9, 3), NEAR], [0.9, 0.8])
    (match,) = match_by_class(found, truth([0], [0], [NEAR]), 1)
    assert match.hits(0.5).tolist() == [False, True]


def test_an_overlap_of_exactly_the_threshold_is_a_hit():
    (match,) = match_by_class(detections([0], [0], [(0, 0, 9, 4)], [0.9]), truth([0], [0], [NEAR]), 1)
    assert match.hits(0.5).tolist() == [True]
    assert match.hits(0.51).tolist() == [False]


def test_equal_scores_are_ranked_by_frame_and_then_by_row():
    found = detections([2, 1, 2, 1], [0] * 4, [NEAR, FAR, FAR, NEAR], [0.5, 0.5, 0.5, 0.5])
    (match,) = match_by_class(found, truth([1, 2], [0, 0], [NEAR, NEAR]), 1)
    assert match.overlap.tolist() == [0, 1, 1, 0]


def test_without_detections_or_ground_truth_every_class_is_there():
    nothing = detections([], [], [], [])
    matches = match_by_class(nothing, truth([], [], []), 3)
    assert [(len(match.overlap), match.num_truth) for match in matches] == [(0, 0)] * 3
