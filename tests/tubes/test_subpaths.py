from itertools import combinations, product

import numpy as np
import pytest

from yowo.boxes.array_iou import pair_iou
from yowo.tubes.subpaths import LinkCosts, SubpathFinder, split_path

COSTS = LinkCosts(iou=0.4, weight=1.5, skip=0.1, reach=2, max_gap=4, gap_ease=0.5)


def best_by_trying_all(frames, boxes, evidence, costs):
    """The greatest sum over all paths, one box a frame at most."""
    unique = np.unique(frames).tolist()
    best = -np.inf
    for size in range(1, len(frames) + 1):
        for rows in combinations(range(len(frames)), size):
            chosen = [unique.index(frames[row]) for row in rows]
            if len(set(chosen)) < size:
                continue
            total = sum(evidence[row] for row in rows)
            for one, other, a, b in zip(rows, rows[1:], chosen, chosen[1:], strict=False):
                gap = frames[other] - frames[one]
                middles = (boxes[other, :2] + boxes[other, 2:] - boxes[one, :2] - boxes[one, 2:]) / 2
                far = np.abs(middles).max() / 20 > 0.7 * (1 + costs.gap_ease * (gap - 1))
                if far or gap > costs.max_gap or b - a > costs.reach:
                    total = -np.inf
                    break
                wanted = costs.iou / (1 + costs.gap_ease * (gap - 1))
                total -= costs.weight * max(0.0, wanted - float(pair_iou(boxes[one], boxes[other])))
                total -= costs.skip * (b - a - 1)
            best = max(best, total)
    return best


@pytest.mark.parametrize("seed", range(20))
def test_the_sum_equals_that_of_trying_all_paths(seed):
    random = np.random.default_rng(seed)
    frames = np.sort(random.integers(0, 9, 9))
    corner = random.uniform(0, 20, (9, 2))
    boxes = np.concatenate([corner, corner + 20], axis=1)
    evidence = random.normal(0, 0.5, 9)
    finder = SubpathFinder(frames, boxes, COSTS)
    gains, rows = finder.best(evidence)
    assert gains.sum() == pytest.approx(best_by_trying_all(frames, boxes, evidence, COSTS))
    assert (np.diff(frames[rows]) > 0).all()


def test_used_boxes_are_not_taken_again():
    frames = np.arange(6)
    boxes = np.tile([0.0, 0, 10, 10], (6, 1))
    finder = SubpathFinder(frames, boxes, LinkCosts())
    evidence = np.array([-1.0, 1, 1, -5, 1, -1])
    assert finder.best(evidence)[1].tolist() == [1, 2, 4]  # the bad frame is skipped over
    evidence[[1, 2]] = -np.inf
    assert finder.best(evidence)[1].tolist() == [4]


@pytest.mark.parametrize("seed", range(20))
def test_stretches_have_the_greatest_sum_of_all_labellings(seed):
    evidence = np.random.default_rng(seed).normal(0, 1, 9)

    def value(labels):
        begins = sum(1 for one, other in zip((0, *labels), labels, strict=False) if other > one)
        return float(np.dot(labels, evidence)) - 0.7 * begins

    best = max(value(labels) for labels in product((0, 1), repeat=9))
    labels = np.zeros(9, dtype=int)
    for stretch in split_path(evidence, 0.7):
        labels[stretch] = 1
    assert value(tuple(labels)) == pytest.approx(best)


def test_a_deep_dip_parts_a_path_and_a_shallow_one_does_not():
    evidence = np.array([1.0, 1, -0.4, 1, 1, -3, 1, 1])
    assert split_path(evidence, 0.5) == [slice(0, 5), slice(6, 8)]
    assert split_path(evidence, 5.0) == []
