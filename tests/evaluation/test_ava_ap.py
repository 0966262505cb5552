import heapq

import numpy as np
import pytest

from tests.ava_cases import CLASSES, as_table, random_rows
from tests.reference import ava_ap_reference as reference
from yowo.evaluation.ava_ap import AvaBoxes, ava_average_precision
from yowo.evaluation.ava_protocol import score_ava_rows


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("boxes", [20, 90])
def test_the_four_rules_equal_the_rules_written_out(seed, boxes):
    detections, truth = random_rows(seed, boxes=boxes)
    scores = score_ava_rows(as_table(truth), as_table(detections), CLASSES).by_rule
    for rule, result in scores.items():
        by_class, mean = reference.mean_ap(
            detections, truth, list(CLASSES), rule.startswith("official"), rule.endswith("every_4th")
        )
        assert result.ap.tolist() == pytest.approx(list(by_class.values()), abs=1e-12, nan_ok=True)
        assert result.map == pytest.approx(mean, abs=1e-12)


def rows_of_one_frame(scores, labels=None, boxes=None):
    count = len(scores)
    return AvaBoxes(
        np.zeros(count, np.int64),
        np.full(count, 900.0),
        np.zeros(count, np.int64) if labels is None else np.array(labels),
        np.tile([0.0, 0.0, 0.5, 0.5], (count, 1)) if boxes is None else np.array(boxes),
        np.array(scores, dtype=float),
    )


def test_the_row_that_stands_first_takes_the_person_in_released_and_the_best_in_official():
    truth = rows_of_one_frame([1.0], boxes=[[0, 0, 0.5, 0.5]])
    found = rows_of_one_frame([0.2, 0.9], boxes=[[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.49]])
    assert ava_average_precision(found, truth, 1, "official").hits[0].tolist() == [True, False]
    assert ava_average_precision(found, truth, 1, "released").hits[0].tolist() == [False, True]


@pytest.mark.parametrize("seed", range(5))
def test_equal_scores_at_the_limit_of_50_rows_are_kept_as_a_heap_keeps_them(seed):
    random = np.random.default_rng(seed)
    count = 80
    scores, labels = random.integers(0, 6, count) / 10, random.integers(0, 20, count)
    boxes = np.sort(random.integers(0, 4, (count, 4)) / 8, axis=1)[:, [0, 1, 2, 3]] + [0, 0, 0.5, 0.5]
    heap = []
    for row in range(count):
        entry = (scores[row], labels[row], *boxes[row][[1, 0, 3, 2]])
        if len(heap) < 50:
            heapq.heappush(heap, entry)
        elif entry[0] > heap[0][0]:
            heapq.heapreplace(heap, entry)
    truth = rows_of_one_frame([1.0] * 20, labels=np.arange(20), boxes=[[0.0, 0.0, 0.6, 0.6]] * 20)
    result = ava_average_precision(rows_of_one_frame(scores, labels, boxes), truth, 20, "official")
    expected = np.bincount([entry[1] for entry in heap], minlength=20)
    assert [len(hits) for hits in result.hits] == expected.tolist()


def test_a_class_without_truth_is_left_out_and_one_without_detections_is_zero():
    truth = rows_of_one_frame([1.0, 1.0], labels=[0, 1])
    result = ava_average_precision(rows_of_one_frame([0.5, 0.4], labels=[0, 2]), truth, 3, "official")
    assert result.ap[:2].tolist() == [1.0, 0.0] and np.isnan(result.ap[2]) and result.map == 0.5


def test_nothing_at_all_gives_no_figure():
    empty = rows_of_one_frame([], boxes=np.zeros((0, 4)))
    assert np.isnan(ava_average_precision(empty, empty, 2, "released").map)
