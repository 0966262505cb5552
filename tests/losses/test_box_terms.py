import math

import pytest
import torch

from yowo.boxes.anchors import decode_boxes
from yowo.boxes.geometry import giou
from yowo.losses.box_terms import GIoULoss, SmoothL1Loss

ANCHORS = torch.tensor([[32.0, 64, 40, 80], [0.0, 0, 20, 30]])
GOALS = torch.tensor([[30.0, 40, 70, 130], [1.0, 2, 31, 42]])


def test_giou_loss_is_what_the_boxes_lack_to_one():
    boxes = GOALS + torch.tensor([3.0, -2, 5, 1])
    term = GIoULoss()(torch.zeros(2, 4), boxes, ANCHORS, GOALS)
    assert list(term) == ["box"]
    assert term["box"].item() == pytest.approx((1 - giou(boxes, GOALS)).sum().item())


def test_smooth_l1_by_hand():
    deltas = torch.tensor([[0.0, 0.0, 0.0, 3.0]])
    terms = SmoothL1Loss()(deltas, deltas, ANCHORS[:1], GOALS[:1])
    x, y = 0.5 - (50 - 32) / 32, 0.5 - (85 - 64) / 32
    h = 3 - math.log(90 / 80)
    expected = {"x": x**2 / 4, "y": y**2 / 4, "w": 0.0, "h": (h - 0.5) / 2}
    for name, value in expected.items():
        assert terms[name].item() == pytest.approx(value, abs=1e-6), name
    assert terms["box"].item() == pytest.approx(sum(expected.values()))


def test_the_linear_part_begins_at_beta():
    deltas = torch.tensor([[0.0, 0.0, 0.0, 3.0]])
    h = 3 - math.log(90 / 80)
    assert SmoothL1Loss(beta=4.0)(deltas, deltas, ANCHORS[:1], GOALS[:1])["h"].item() == pytest.approx(h**2 / 16)


def test_both_terms_are_nothing_at_the_goal_and_without_rows():
    centre = (GOALS[:, :2] + GOALS[:, 2:]) / 2
    deltas = torch.cat(
        [((centre - ANCHORS[:, :2]) / 32).logit(), ((GOALS[:, 2:] - GOALS[:, :2]) / ANCHORS[:, 2:]).log()], 1
    )
    boxes = decode_boxes(deltas, ANCHORS)
    for loss in (GIoULoss(), SmoothL1Loss()):
        assert loss(deltas, boxes, ANCHORS, GOALS)["box"].item() == pytest.approx(0, abs=1e-5)
        assert loss(deltas[:0], boxes[:0], ANCHORS[:0], GOALS[:0])["box"].item() == 0
