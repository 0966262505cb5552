import numpy as np
import pytest

from tests.reference.frame_map_reference import overlap
from yowo.evaluation.pixel_iou import pixel_iou


def iou(first, second):
    return float(pixel_iou(np.array(first, dtype=float), np.array(second, dtype=float)))


def test_widths_count_both_edge_pixels():
    assert iou([0, 0, 9, 9], [0, 0, 9, 4]) == 0.5


def test_boxes_that_share_an_edge_pixel_overlap():
    assert iou([0, 0, 4, 9], [4, 0, 8, 9]) == pytest.approx(10 / 90)


def test_boxes_less_than_a_pixel_apart_do_not_overlap():
    assert iou([0, 0, 4, 9], [4.5, 0, 8, 9]) == 0


def test_an_inverted_box_overlaps_nothing():
    assert iou([5, 5, 4, 9], [0, 0, 9, 9]) == 0
    assert iou([5, 5, 3, 3], [4, 4, 4, 4]) == 0


def test_all_pairs_by_broadcasting_equal_the_pairs_one_by_one():
    random = np.random.default_rng(0)
    corners = random.integers(0, 20, (2, 30, 2))
    first, second = np.concatenate([corners, corners + random.integers(0, 15, corners.shape)], axis=-1) / 2
    pairs = pixel_iou(first[:, None], second[None])
    assert pairs.tolist() == [pytest.approx([overlap(a, b) for b in second]) for a in first]
