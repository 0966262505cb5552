import math

import pytest
import torch

from yowo.boxes.anchors import decode_boxes
from yowo.boxes.geometry import giou
from yowo.errors import ConfigError
from yowo.losses.box_terms import BoxRows, GIoULoss, SmoothL1Loss

ANCHORS = torch.tensor([[32.0, 64, 40, 80], [0.0, 0, 20, 30]])
STRIDES = torch.tensor([32.0, 32.0])
GOALS = torch.tensor([[30.0, 40, 70, 130], [1.0, 2, 31, 42]])


def rows(deltas, boxes, count=2, strides=STRIDES):
    """The first `count` predictions of one clip with their goals."""
    raw = {
        "cls": torch.zeros(1, 2, 3),
        "deltas": deltas[None],
        "boxes": boxes[None],
        "anchors": ANCHORS,
        "points": ANCHORS[:, :2] + strides[:, None] / 2,
        "strides": strides,
    }
    which = torch.arange(count)
    return BoxRows(raw, torch.zeros_like(which), which, GOALS[:count])


def test_rows_are_the_named_predictions_of_their_clips():
    numbers = torch.arange(24.0).reshape(2, 3, 4)
    raw = {
        "boxes": numbers,
        "deltas": -numbers,
        "anchors": numbers[1],
        "points": numbers[0, :, :2],
        "strides": numbers[0, 0],
    }
    found = BoxRows(raw, torch.tensor([1, 0]), torch.tensor([2, 0]), GOALS)
    assert found.boxes.tolist() == [[20, 21, 22, 23], [0, 1, 2, 3]] and torch.equal(found.deltas, -found.boxes)
    assert found.anchors.tolist() == [[20, 21, 22, 23], [12, 13, 14, 15]]
    assert found.points.tolist() == [[8, 9], [0, 1]] and found.strides.tolist() == [2, 0]


@pytest.mark.parametrize(("name", "words"), [("deltas", "needs the network's deltas"), ("anchors", "needs anchors")])
def test_a_term_says_what_the_network_lacks(name, words):
    given = rows(torch.zeros(2, 4), GOALS)
    del given.raw[name]
    assert GIoULoss()(given)["box"].item() == pytest.approx(0, abs=1e-5)
    with pytest.raises(ConfigError, match=rf"box_loss: it {words}.*use box_loss=giou"):
        SmoothL1Loss()(given)


def test_giou_loss_is_what_the_boxes_lack_to_one():
    boxes = GOALS + torch.tensor([3.0, -2, 5, 1])
    term = GIoULoss()(rows(torch.zeros(2, 4), boxes))
    assert list(term) == ["box"]
    assert term["box"].item() == pytest.approx((1 - giou(boxes, GOALS)).sum().item())


def test_smooth_l1_by_hand():
    deltas = torch.tensor([[0.0, 0.0, 0.0, 3.0]] * 2)
    terms = SmoothL1Loss()(rows(deltas, deltas, count=1))
    x, y = 0.5 - (50 - 32) / 32, 0.5 - (85 - 64) / 32
    h = 3 - math.log(90 / 80)
    expected = {"x": x**2 / 4, "y": y**2 / 4, "w": 0.0, "h": (h - 0.5) / 2}
    for name, value in expected.items():
        assert terms[name].item() == pytest.approx(value, abs=1e-6), name
    assert terms["box"].item() == pytest.approx(sum(expected.values()))


def test_the_linear_part_begins_at_beta():
    deltas = torch.tensor([[0.0, 0.0, 0.0, 3.0]] * 2)
    h = 3 - math.log(90 / 80)
    assert SmoothL1Loss(beta=4.0)(rows(deltas, deltas, count=1))["h"].item() == pytest.approx(h**2 / 16)


@pytest.mark.parametrize("strides", [STRIDES, torch.tensor([64.0, 32.0])])
def test_both_terms_are_nothing_at_the_goal_and_without_rows(strides):
    centre = (GOALS[:, :2] + GOALS[:, 2:]) / 2
    deltas = torch.cat(
        [
            ((centre - ANCHORS[:, :2]) / strides[:, None]).logit(),
            ((GOALS[:, 2:] - GOALS[:, :2]) / ANCHORS[:, 2:]).log(),
        ],
        1,
    )
    boxes = decode_boxes(deltas, ANCHORS, strides)
    for loss in (GIoULoss(), SmoothL1Loss()):
        assert loss(rows(deltas, boxes, strides=strides))["box"].item() == pytest.approx(0, abs=1e-5)
        assert loss(rows(deltas, boxes, count=0))["box"].item() == 0
