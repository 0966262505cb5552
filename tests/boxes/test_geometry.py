import pytest
import torch

from tests.box_formats import cxcywh_to_xyxy
from yowo.boxes.geometry import box_area, giou, iou, shape_iou, xyxy_to_cxcywh


def random_boxes(count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return cxcywh_to_xyxy(torch.rand(count, 4, generator=generator) + torch.tensor([0.0, 0.0, 0.1, 0.1]))


def test_centre_and_corner_formats_are_inverse():
    boxes = random_boxes(20, 0)
    assert torch.allclose(cxcywh_to_xyxy(xyxy_to_cxcywh(boxes)), boxes, atol=1e-6)


def test_iou_of_known_boxes():
    first = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    second = torch.tensor([[1.0, 1.0, 3.0, 3.0], [0.0, 0.0, 2.0, 2.0], [5.0, 5.0, 6.0, 6.0]])
    assert torch.allclose(iou(first, second), torch.tensor([1 / 7, 1.0, 0.0]))


def test_giou_falls_below_zero_for_boxes_apart_and_equals_iou_when_the_hull_is_the_union():
    left, right = torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.tensor([3.0, 0.0, 4.0, 1.0])
    assert giou(left, right).item() == pytest.approx(-0.5)
    stacked = torch.tensor([0.0, 0.0, 1.0, 2.0])
    assert giou(left, stacked).item() == pytest.approx(iou(left, stacked).item())


def test_overlaps_match_a_count_of_pixels():
    first, second = torch.tensor([2.0, 3.0, 9.0, 8.0]), torch.tensor([5.0, 1.0, 12.0, 6.0])
    grid = torch.zeros(2, 20, 20, dtype=torch.bool)
    for layer, (x1, y1, x2, y2) in enumerate([first.int().tolist(), second.int().tolist()]):
        grid[layer, y1:y2, x1:x2] = True
    expected = (grid[0] & grid[1]).sum() / (grid[0] | grid[1]).sum()
    assert iou(first, second).item() == pytest.approx(expected.item())


def test_inverted_and_empty_boxes_have_no_area_and_no_overlap():
    inverted = torch.tensor([[3.0, 3.0, 1.0, 1.0]])
    assert box_area(inverted).item() == 0
    assert iou(inverted, torch.tensor([[0.0, 0.0, 4.0, 4.0]])).item() == 0
    assert iou(torch.zeros(1, 4), torch.zeros(1, 4)).item() == 0


def test_shape_iou_looks_at_width_and_height_alone():
    shapes = shape_iou(torch.tensor([[2.0, 4.0]]), torch.tensor([[2.0, 4.0], [4.0, 2.0], [1.0, 1.0]]))
    assert torch.allclose(shapes, torch.tensor([[1.0, 4 / 12, 1 / 8]]))
