import pytest
import torch

from tests.losses.test_assigners import random_targets, raw_output
from yowo.boxes.geometry import giou
from yowo.losses.assigners import AnchorIoUAssigner
from yowo.losses.box_terms import GIoULoss
from yowo.losses.criterion import Criterion
from yowo.losses.terms import SoftmaxFocalLoss


def random_raw(batch, seed):
    raw = raw_output(batch, (96, 128))
    generator = torch.Generator().manual_seed(seed)
    for name in ("conf", "cls"):
        raw[name] = torch.randn(raw[name].shape, generator=generator, requires_grad=True)
    corner = torch.rand(*raw["boxes"].shape[:2], 2, generator=generator) * 80
    raw["boxes"] = torch.cat([corner, corner + 30], dim=2).requires_grad_()
    return raw


def criterion(**weights):
    return Criterion(AnchorIoUAssigner(), GIoULoss(), SoftmaxFocalLoss(), **weights)


def test_terms_by_hand():
    raw, targets = random_raw(2, 0), random_targets(2, 3, 1)
    losses = criterion()(raw, targets)
    found = AnchorIoUAssigner()(raw, targets)
    conf = raw["conf"].squeeze(-1).sigmoid()
    box, squared = 0.0, (conf**2).sum()
    for clip, prediction, goal in zip(found.clip, found.prediction, found.boxes_xyxy, strict=True):
        overlap = giou(raw["boxes"][clip, prediction], goal)
        box += 1 - overlap
        c = conf[clip, prediction]
        squared += 5 * (c - overlap.clamp(min=0)) ** 2 - c**2
    assert losses["box"].item() == pytest.approx(box.item() / 2, rel=1e-5)
    assert losses["conf"].item() == pytest.approx(squared.item() / 2, rel=1e-5)
    assert losses["total"].item() == pytest.approx(sum(losses[n].item() for n in ("box", "conf", "cls")), rel=1e-6)


def test_the_goal_of_the_confidence_gets_no_gradient():
    raw, targets = random_raw(1, 0), random_targets(1, 3, 4)
    criterion()(raw, targets)["conf"].backward()
    assert raw["boxes"].grad is None
    assert raw["conf"].grad is not None


def test_weights_scale_their_terms():
    raw, targets = random_raw(2, 0), random_targets(2, 3, 1)
    plain, weighted = criterion()(raw, targets), criterion(class_weight=2.0, box_weight=3.0)(raw, targets)
    assert weighted["cls"].item() == pytest.approx(2 * plain["cls"].item())
    assert weighted["box"].item() == pytest.approx(3 * plain["box"].item())


def test_a_batch_without_any_box_still_teaches_background():
    raw = random_raw(2, 0)
    empty = [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}] * 2
    losses = criterion()(raw, empty)
    losses["total"].backward()
    assert losses["box"].item() == losses["cls"].item() == 0
    assert losses["conf"].item() > 0
    assert torch.isfinite(raw["conf"].grad).all()
