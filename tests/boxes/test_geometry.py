import pytest
import torch

from tests.box_formats import cxcywh_to_xyxy
from yowo.boxes.geometry import box_area, ciou, giou, iou, shape_iou, xyxy_to_cxcywh


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


def test_ciou_equals_its_formula():
    first, second = random_boxes(50, 1).double(), random_boxes(50, 2).double()
    (w1, h1), (w2, h2) = ((boxes[:, 2:] - boxes[:, :2]).unbind(1) for boxes in (first, second))
    hull = torch.maximum(first[:, 2:], second[:, 2:]) - torch.minimum(first[:, :2], second[:, :2])
    middles = [(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (first, second)]
    apart = (middles[0] - middles[1]).square().sum(1) / hull.square().sum(1)
    aspect = 4 / torch.pi**2 * ((w2 / h2).atan() - (w1 / h1).atan()).square()
    overlap = iou(first, second)
    expected = overlap - apart - aspect * aspect / (1 - overlap + aspect)
    assert torch.allclose(ciou(first, second), expected, atol=1e-5)


def test_ciou_of_equal_boxes_is_one_and_falls_with_distance():
    box = torch.tensor([[0.0, 0, 2, 1]])
    near, far = (ciou(box, box + torch.tensor([x, 0.0, x, 0.0])).item() for x in (3.0, 30.0))
    assert ciou(box, box).item() == pytest.approx(1, abs=1e-5)
    assert far < near < 0


def test_the_factor_of_the_aspect_ratio_in_ciou_has_no_gradient():
    box = torch.tensor([[0.0, 0, 2, 2]], dtype=torch.float64, requires_grad=True)
    other = torch.tensor([[0.0, 0, 4, 1]], dtype=torch.float64)
    ciou(box, other).sum().backward()
    moved = (box + torch.tensor([[0.0, 0, 1e-6, 0]])).detach()
    slope = (ciou(moved, other) - ciou(box, other)).item() / 1e-6
    assert box.grad[0, 2].item() != pytest.approx(slope, rel=1e-3)
    assert box.grad[0, 2].item() == pytest.approx(slope, rel=0.5)
