import math

import pytest
import torch

from yowo.losses.terms import CLAMP, MultiHotFocalLoss, SoftmaxFocalLoss, focal_loss


def test_softmax_focal_loss_by_hand():
    logits = torch.tensor([[0.0, math.log(3.0)]])
    assert SoftmaxFocalLoss(2.0)(logits, torch.tensor([1])).item() == pytest.approx(-(0.25**2) * math.log(0.75))


def test_softmax_focal_loss_stays_finite_far_from_the_truth():
    logits = torch.tensor([[0.0, 500.0]], requires_grad=True)
    loss = SoftmaxFocalLoss()(logits, torch.tensor([0]))
    loss.backward()
    assert loss.item() == pytest.approx(500.0)
    assert torch.isfinite(logits.grad).all()


def test_multi_hot_focal_loss_by_hand():
    logits = torch.tensor([[0.0, 0.0, math.log(3.0)]])
    loss = MultiHotFocalLoss(2, [0.1, 0.2, 0.3], gamma=0.5)(logits, torch.tensor([[1.0, 0.0, 1.0]]))
    p, q, s = 0.5, 0.5, 0.75
    expected = (
        -math.sqrt(1 - p) * math.log(p) * math.exp(0.9)
        - math.sqrt(q) * math.log(1 - q) * math.exp(0.2)
        - math.sqrt(1 - s) * math.log(s) * math.exp(0.7)
    )
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_multi_hot_probabilities_are_clamped_without_gradient_beyond():
    logits = torch.tensor([[-100.0, 3.0]], requires_grad=True)
    loss = MultiHotFocalLoss(0)(logits, torch.tensor([[1.0, 1.0]]))
    loss.backward()
    assert loss.item() > -math.log(CLAMP) * 0.99
    assert logits.grad[0, 0] == 0
    assert logits.grad[0, 1] < 0


def test_no_positives_give_zero():
    assert SoftmaxFocalLoss()(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)).item() == 0
    assert MultiHotFocalLoss(1)(torch.zeros(0, 3), torch.zeros(0)).item() == 0


def test_the_class_term_follows_the_labels():
    assert isinstance(focal_loss(2, ["walk", "sit"]), SoftmaxFocalLoss)
    chosen, weighted = focal_loss(1, ["walk", "sit"]), focal_loss(1, ["walk", "sit"], [0.1, 0.9])
    logits, labels = torch.tensor([[2.0, -1.0]]), torch.tensor([[1.0, 1.0]])
    assert torch.equal(chosen(logits, labels), MultiHotFocalLoss(1)(logits, labels))
    assert torch.equal(weighted(logits, labels), MultiHotFocalLoss(1, [0.1, 0.9])(logits, labels))
    assert not torch.equal(chosen(logits, labels), weighted(logits, labels))
