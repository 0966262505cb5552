import numpy as np
import pytest

from tests.reference.frame_map_reference import envelope_area
from yowo.evaluation.average_precision import average_precision, precision_recall


def test_precision_and_recall_after_each_detection():
    precision, recall = precision_recall(np.array([True, False, True]), 4)
    assert precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3])
    assert recall.tolist() == [0.25, 0.25, 0.5]


def test_a_dip_in_precision_is_filled_from_higher_recall():
    precision, recall = precision_recall(np.array([True, False, True, True]), 3)
    assert average_precision(precision, recall) == pytest.approx(1 / 3 + 2 / 3 * 3 / 4)


def test_recall_that_is_never_reached_counts_nothing():
    assert average_precision(*precision_recall(np.array([True]), 4)) == 0.25


def test_a_perfect_ranking_has_1_and_an_empty_one_0():
    assert average_precision(*precision_recall(np.ones(7, dtype=bool), 7)) == pytest.approx(1)
    assert average_precision(*precision_recall(np.zeros(0, dtype=bool), 7)) == 0


def test_sums_in_the_precision_of_its_arguments():
    precision, recall = precision_recall(np.ones(3, dtype=bool), 3)
    single = average_precision(precision.astype(np.float32), (recall / 1.1).astype(np.float32))
    assert single == np.float32(single)


@pytest.mark.parametrize("seed", range(10))
def test_equals_the_area_step_by_step(seed):
    hits = np.random.default_rng(seed).random(60) < 0.4
    assert average_precision(*precision_recall(hits, 40)) == pytest.approx(envelope_area(hits.tolist(), 40), abs=1e-12)
