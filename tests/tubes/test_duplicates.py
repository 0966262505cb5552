import numpy as np
import pytest

from yowo.tubes.duplicates import averaged, copies_of, group_copies

BOX = np.array([10.0, 10, 50, 90])


def right(*shifts):
    return np.stack([BOX + np.array([by, 0, by, 0]) for by in shifts])


def test_a_copy_goes_to_the_nearest_track_of_its_class():
    boxes, labels = right(0, 30, 4, 27, 3, 200), np.array([1, 1, 1, 1, 2, 1])
    copies, owner = copies_of(right(0, 30), boxes, labels, np.array([0, 1]), np.array([2, 3, 4, 5]), 0.5)
    assert copies.tolist() == [2, 3] and owner.tolist() == [0, 1]


def test_a_copy_may_be_near_to_where_the_track_was_expected_only():
    copies, owner = copies_of(right(40), right(0, 41), np.zeros(2, np.int64), np.array([0]), np.array([1]), 0.5)
    assert copies.tolist() == [1] and owner.tolist() == [0]


def test_of_equally_near_tracks_the_first_takes_the_copy():
    copies, owner = copies_of(right(0, 0), right(0, 0, 2), np.zeros(3, np.int64), np.array([1, 0]), np.array([2]), 0.5)
    assert copies.tolist() == [2] and owner.tolist() == [0]


def test_a_chain_of_boxes_is_divided_at_the_best_scores():
    groups, best = group_copies(right(0, 8, 16, 24), np.array([0.2, 0.9, 0.3, 0.5]), np.zeros(4, np.int64), 0.6)
    assert groups.tolist() == [0, 0, 0, 1] and best.tolist() == [1, 3]


def test_no_boxes_make_no_groups():
    groups, best = group_copies(np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64), 0.5)
    assert groups.tolist() == best.tolist() == []


def test_the_average_is_weighted_by_score():
    mean, weight = averaged(right(0, 10, 100), np.array([0.6, 0.2, 0.5]), np.array([0, 0, 1]), 2)
    assert mean[:, 0] == pytest.approx([12.5, 110]) and weight == pytest.approx([0.8, 0.5], abs=1e-5)
