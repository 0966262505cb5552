import math

import pytest
import torch

from tests.losses.test_uniform import MIDDLE, raw, target
from yowo.losses.box_terms import GIoULoss
from yowo.losses.focal_criterion import FocalCriterion, RareClassFocalLoss, SigmoidFocalLoss, focal_term
from yowo.losses.uniform import UniformAssigner


def test_the_focal_loss_weighs_the_true_class_by_a_quarter_and_easy_ones_little():
    logits, goals = torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    assert SigmoidFocalLoss()(logits, goals).item() == pytest.approx((0.25 + 0.75) * 0.25 * math.log(2))
    easy = SigmoidFocalLoss()(torch.tensor([[4.0]]), torch.tensor([[1.0]]))
    p = 1 / (1 + math.exp(-4))
    assert easy.item() == pytest.approx(0.25 * (1 - p) ** 2 * -math.log(p), rel=1e-4)


def test_rare_classes_have_larger_weights_and_logits_of_any_size_finite_losses():
    logits, goals = torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    own = -(0.5**0.5) * math.log(0.5)
    expected = own * math.exp(1 - 0.1) + own * math.exp(0.3)
    assert RareClassFocalLoss([0.1, 0.3])(logits, goals).item() == pytest.approx(expected)
    assert RareClassFocalLoss()(logits, goals).item() == pytest.approx(2 * own)
    assert torch.isfinite(RareClassFocalLoss()(torch.tensor([[-900.0, 900.0]]), goals))


def test_the_labels_of_a_data_set_choose_the_class_term():
    assert isinstance(focal_term(["a", "b"], 2), SigmoidFocalLoss)
    assert isinstance(focal_term(["a", "b"], 1, [0.5, 0.5]), RareClassFocalLoss)


def criterion(**more):
    return FocalCriterion(UniformAssigner(top_k=1), GIoULoss(), SigmoidFocalLoss(), **more)


def test_both_terms_are_divided_by_the_positives_and_weighted():
    given = raw()
    losses = criterion()(given, [target(MIDDLE)])
    sums = criterion().sums(given, [target(MIDDLE)])
    assert sums.positives == 1 and losses["conf"] == 0
    assert losses["total"].item() == pytest.approx((losses["box"] + losses["cls"]).item())
    double = criterion().divided(sums.terms, sums.clips, torch.tensor(4))
    assert double["cls"].item() == pytest.approx(losses["cls"].item() / 4)
    weighted = criterion(class_weight=2.0, box_weight=3.0)(given, [target(MIDDLE)])
    assert weighted["cls"].item() == pytest.approx(2 * losses["cls"].item())
    assert weighted["box"].item() == pytest.approx(3 * losses["box"].item())


def test_what_is_ignored_has_no_gradient_and_the_background_has():
    given = raw(sides=(30.0, 32.0, 34.0), far=False)
    given["cls"] = given["cls"].requires_grad_()
    labels = [target((32.0, 32.0, 64.0, 64.0))]
    ignored = UniformAssigner(top_k=1)(given, labels).ignored
    criterion()(given, labels)["cls"].backward()
    moved = given["cls"].grad.abs().sum(dim=2) > 0
    assert ignored.any() and torch.equal(moved, ~ignored)


def test_a_batch_without_boxes_counts_as_one_positive():
    given = raw()
    losses = criterion()(given, [target(labels=torch.zeros(0, dtype=torch.int64))])
    assert losses["box"] == 0
    count = given["cls"].numel()
    assert losses["cls"].item() == pytest.approx(count * 0.75 * 0.25 * math.log(2), rel=1e-4)


def test_multi_hot_labels_are_goals_as_they_are():
    labels = torch.tensor([[1.0, 0.0, 1.0]])
    given = raw()
    given["cls"] = given["cls"].requires_grad_()
    criterion()(given, [target(MIDDLE, labels=labels)])["cls"].backward()
    row = UniformAssigner(top_k=1)(given, [target(MIDDLE, labels=labels)]).prediction[0]
    assert (given["cls"].grad[0, row] < 0).tolist() == [True, False, True]
