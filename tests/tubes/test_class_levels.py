import numpy as np
import pytest

from yowo.tubes.class_levels import ClassLevels


def test_a_mean_follows_the_best_scores_and_its_highest_value_stays():
    levels = ClassLevels(window=2.0, prior=0.1)
    for score in (0.8, 0.8, 0.0):
        levels.learn(np.array([3]), np.array([score]))
    assert levels.means.tolist() == pytest.approx([0.3])
    assert levels.of(np.array([3])).tolist() == pytest.approx([0.6])


def test_classes_that_come_later_take_their_place_and_leave_the_others_theirs():
    levels = ClassLevels(window=1.0, prior=0.5)
    levels.learn(np.array([4, 9]), np.array([0.7, 0.9]))
    levels.learn(np.array([0, 6, 9, 10**12]), np.array([0.6, 0.2, 0.1, 0.8]))
    assert levels.labels.tolist() == [0, 4, 6, 9, 10**12]
    assert levels.of(np.array([10**12, 9, 6, 4, 0])).tolist() == [0.8, 0.9, 0.5, 0.7, 0.6]
    assert levels.means.tolist() == pytest.approx([0.6, 0.7, 0.2, 0.1, 0.8])
