import numpy as np
import pytest

from yowo.boxes.anchor_clusters import cluster_anchors, mean_best_iou

CENTRES = np.array([[0.1, 0.2], [0.3, 0.3], [0.5, 0.2], [0.2, 0.6], [0.7, 0.8]])


@pytest.fixture
def sizes():
    random = np.random.default_rng(3)
    return np.concatenate([centre * np.exp(random.normal(0, 0.03, (200, 2))) for centre in CENTRES])


def test_clusters_are_found_by_rising_area(sizes):
    found = cluster_anchors(sizes)
    expected = CENTRES[np.argsort(CENTRES.prod(axis=1))]
    assert np.allclose(found, expected, rtol=0.02)


def test_the_unit_does_not_matter(sizes):
    pixels = cluster_anchors(sizes * [320, 240])
    assert np.allclose(pixels / [320, 240], cluster_anchors(sizes))


def test_equal_seeds_give_equal_anchors_and_more_anchors_fit_better(sizes):
    assert (cluster_anchors(sizes, 3, seed=1) == cluster_anchors(sizes, 3, seed=1)).all()
    fits = [mean_best_iou(sizes, cluster_anchors(sizes, count)) for count in (1, 2, 5)]
    assert fits == sorted(fits) and fits[-1] > 0.9


def test_it_is_better_than_any_boxes_at_hand(sizes):
    """k-means must beat the best of many random choices of as many boxes."""
    random = np.random.default_rng(0)
    best = max(mean_best_iou(sizes, sizes[random.choice(len(sizes), 4, replace=False)]) for _ in range(200))
    assert mean_best_iou(sizes, cluster_anchors(sizes, 4)) >= best - 0.01


def test_fewer_different_boxes_are_fewer_anchors():
    assert cluster_anchors(np.array([[3.0, 4], [1, 2], [1, 2]])).tolist() == [[1, 2], [3, 4]]


def test_overlap_is_that_of_boxes_with_a_common_corner():
    assert mean_best_iou(np.array([[2.0, 2], [1, 4]]), np.array([[2.0, 2]])) == pytest.approx((1 + 2 / 6) / 2)


def test_sizes_that_many_boxes_have_weigh_more_than_rare_ones():
    often, rare = np.full((100, 2), 10.0), np.array([[20.0, 20.0], [21.0, 21.0], [22.0, 22.0]])
    assert cluster_anchors(np.concatenate([often, rare]), 1).tolist() == [[10, 10]]
