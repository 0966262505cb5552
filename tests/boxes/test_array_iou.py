import numpy as np
import pytest

from yowo.boxes.array_iou import pair_iou


def test_overlap_of_pairs():
    first = np.array([[0.0, 0, 10, 10], [0, 0, 10, 10], [5, 5, 5, 5]])
    second = np.array([[5.0, 0, 15, 10], [20, 20, 30, 30], [5, 5, 5, 5]])
    assert pair_iou(first, second).tolist() == pytest.approx([1 / 3, 0, 0])


def test_boxes_without_area_overlap_nothing():
    assert pair_iou(np.array([[0.1, 0.1, 0.1, 0.4]]), np.array([[0.1, 0.1, 0.1, 0.4]])).tolist() == [0.0]


def test_all_pairs_come_from_broadcasting():
    first, second = np.array([[0.0, 0, 2, 2], [1, 1, 3, 3]]), np.array([[0.0, 0, 2, 2], [1, 1, 3, 3], [9, 9, 10, 10]])
    assert pair_iou(first[:, None], second) == pytest.approx(np.array([[1, 1 / 7, 0], [1 / 7, 1, 0]]))


def test_whole_numbers_are_boxes_as_well():
    first, second = np.array([[0, 0, 2, 2], [0, 0, 1, 1]]), np.array([[0, 0, 2, 1], [5, 5, 6, 6]])
    assert pair_iou(first, second).tolist() == [0.5, 0.0]
