import pytest
import torch
import torch.nn.functional as F

from tests.point_cases import raw_of, target
from yowo.boxes.geometry import giou
from yowo.losses.assigners import Assignment
from yowo.losses.box_terms import GIoULoss
from yowo.losses.point_criterion import PointCriterion


class Fixed:
    """Gives the same positives, whatever the network says."""

    def __init__(self, quality=None, hot=False, ignored=None):
        labels = torch.tensor([1, 2, 0])
        self.found = Assignment(
            clip=torch.tensor([0, 0, 1]),
            prediction=torch.tensor([3, 40, 100]),
            boxes_xyxy=torch.tensor([[8.0, 4, 40, 30], [0, 0, 50, 60], [20, 10, 90, 60]]),
            labels=F.one_hot(labels, 3).float() if hot else labels,
            quality=quality,
            ignored=ignored,
        )

    def __call__(self, raw, targets):
        return self.found


class Nothing:
    """Finds no positives."""

    def __call__(self, raw, targets):
        empty = torch.zeros(0, dtype=torch.int64)
        return Assignment(empty, empty, torch.zeros(0, 4), empty, quality=torch.zeros(0))


TARGETS = [target(), target()]


@pytest.mark.parametrize("quality", [None, torch.tensor([0.2, 0.7, 1.0])])
@pytest.mark.parametrize("hot", [False, True])
def test_terms_are_means_over_the_positives(quality, hot):
    raw, found = raw_of(), Fixed(quality, hot).found
    losses = PointCriterion(Fixed(quality, hot), GIoULoss())(raw, TARGETS)
    where = (found.clip, found.prediction)
    goal = torch.zeros_like(raw["conf"])
    goal[where] = 1
    classes = torch.eye(3)[[1, 2, 0]] * (1 if quality is None else quality[:, None])
    expected = {
        "conf": F.binary_cross_entropy_with_logits(raw["conf"], goal, reduction="sum") / 3,
        "cls": F.binary_cross_entropy_with_logits(raw["cls"][where], classes, reduction="sum") / 3,
        "box": 5 * (1 - giou(raw["boxes"][where], found.boxes_xyxy)).sum() / 3,
    }
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value.item(), rel=1e-5), name
    assert losses["total"].item() == pytest.approx(sum(v.item() for v in expected.values()), rel=1e-5)


def test_without_positives_the_background_alone_is_learned():
    raw = raw_of()
    losses = PointCriterion(Nothing(), GIoULoss())(raw, TARGETS)
    assert losses["conf"].item() == pytest.approx(F.softplus(raw["conf"]).sum().item(), rel=1e-5)
    assert losses["cls"] == losses["box"] == 0


def test_ignored_predictions_are_no_background():
    ignored = torch.zeros(2, len(raw_of()["points"]), dtype=torch.bool)
    ignored[0, 50] = True
    plain, without = (PointCriterion(Fixed(ignored=i), GIoULoss())(raw_of(), TARGETS)["conf"] for i in (None, ignored))
    assert (plain - without).item() == pytest.approx(F.softplus(raw_of()["conf"][0, 50]).item() / 3, rel=1e-4)


def test_weights_multiply_the_terms():
    plain = PointCriterion(Fixed(), GIoULoss())(raw_of(), TARGETS)
    double = PointCriterion(Fixed(), GIoULoss(), 2.0, 3.0, 20.0)(raw_of(), TARGETS)
    for name, factor in (("conf", 2), ("cls", 3), ("box", 4)):
        assert double[name].item() == pytest.approx(factor * plain[name].item(), rel=1e-5)
