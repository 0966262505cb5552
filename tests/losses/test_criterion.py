from dataclasses import replace

import pytest
import torch

from tests.losses.test_assigners import random_targets, raw_output, raw_output_of_levels
from yowo.boxes.geometry import giou, iou
from yowo.errors import ConfigError
from yowo.losses.assigners import AnchorIoUAssigner, BestAnchorAssigner, BestPredictionAssigner
from yowo.losses.box_terms import GIoULoss, SmoothL1Loss
from yowo.losses.criterion import Criterion
from yowo.losses.terms import MultiHotFocalLoss, SoftmaxFocalLoss


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


def test_what_is_ignored_is_no_background():
    raw, targets = random_raw(1, 0), random_targets(1, 3, 4)
    found = AnchorIoUAssigner()(raw, targets)
    ignored = torch.zeros(1, raw["conf"].shape[1], dtype=torch.bool)
    ignored[0, [0, 7]] = True
    some = Criterion(lambda *_: replace(found, ignored=ignored), GIoULoss(), SoftmaxFocalLoss())(raw, targets)["conf"]
    left_out = raw["conf"][0, [0, 7], 0].sigmoid().square().sum()
    assert (criterion()(raw, targets)["conf"] - some).item() == pytest.approx(left_out.item(), rel=1e-4)


def test_sums_are_not_divided_if_asked_for():
    raw, targets = random_raw(2, 0), random_targets(2, 3, 1)
    mean, total = criterion()(raw, targets), criterion(divide_by_batch=False)(raw, targets)
    assert all(total[name].item() == pytest.approx(2 * mean[name].item()) for name in mean)


def test_the_confidence_term_is_scaled_and_its_goal_may_be_the_iou():
    raw, targets = random_raw(1, 3), random_targets(1, 3, 4)
    found = AnchorIoUAssigner()(raw, targets)
    where = (found.clip, found.prediction)
    conf = raw["conf"].squeeze(-1).sigmoid()
    expected = conf.square().sum() - conf[where].square().sum()
    expected += 5 * (conf[where] - iou(raw["boxes"][where], found.boxes_xyxy)).square().sum()
    assert criterion(goal="iou", confidence_scale=0.5)(raw, targets)["conf"].item() == pytest.approx(
        expected.item() / 2, rel=1e-5
    )


def test_multi_hot_class_terms_are_averaged_if_asked_for():
    raw = random_raw(1, 0)
    boxes = torch.tensor([[0.1, 0.1, 0.4, 0.9], [0.6, 0.1, 0.9, 0.8]])
    targets = [{"boxes": boxes, "labels": torch.tensor([[1.0, 0, 1, 0], [0, 1, 0, 0]])}]
    parts = (BestAnchorAssigner(), GIoULoss(), MultiHotFocalLoss(2))
    total, mean = (Criterion(*parts, average_multi_hot=flag)(raw, targets)["cls"].item() for flag in (False, True))
    assert mean == pytest.approx(total / 2)


def test_in_the_early_phase_every_prediction_learns_a_box():
    raw, targets = random_raw(2, 0), random_targets(2, 3, 1)
    raw["deltas"] = torch.zeros_like(raw["boxes"])
    early = Criterion(AnchorIoUAssigner(), GIoULoss(), SoftmaxFocalLoss(), early_samples=10)
    assert early(raw, targets, 9)["box"] > early(raw, targets, 10)["box"]
    middle, half = raw["anchors"][:, :2] + 16, raw["anchors"][:, 2:] / 2
    raw["boxes"] = torch.cat([middle - half, middle + half], dim=1).repeat(2, 1, 1)
    assert early(raw, targets, 9)["box"].item() == pytest.approx(early(raw, targets, 10)["box"].item(), abs=1e-3)


def test_a_network_without_confidence_has_no_confidence_term():
    raw, targets = random_raw(2, 0), random_targets(2, 3, 1)
    expected = criterion()(raw, targets)
    del raw["conf"]
    losses = criterion()(raw, targets)
    assert losses["conf"].item() == 0
    assert losses["total"].item() == pytest.approx((expected["box"] + expected["cls"]).item())
    losses["total"].backward()
    assert raw["cls"].grad.abs().sum() > 0


def test_the_early_phase_needs_anchors():
    raw, targets = random_raw(1, 0), random_targets(1, 3, 1)
    early = Criterion(BestPredictionAssigner(), GIoULoss(), SoftmaxFocalLoss(), early_samples=10)
    del raw["anchors"]
    assert early(raw, targets, 10)["box"].isfinite()
    with pytest.raises(ConfigError, match=r"loss\.early_samples: it needs anchors.*set it to 0"):
        early(raw, targets, 9)


def test_early_goals_are_in_the_middle_of_the_cells_of_each_level():
    raw = raw_output_of_levels(1, (64, 64), [16, 32], [[[10.0, 12.0]], [[30.0, 20.0]]])
    half = raw["anchors"][:, 2:] / 2
    raw["boxes"] = torch.cat([raw["points"] - half, raw["points"] + half], dim=1)[None]
    early = Criterion(AnchorIoUAssigner(), GIoULoss(), SoftmaxFocalLoss(), early_samples=10)
    assert early(raw, [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}], 1)["box"] == 0


def test_an_unknown_goal_lists_the_goals():
    with pytest.raises(ConfigError, match=r"loss\.goal: expected one of giou, iou, got 'ciou'"):
        criterion(goal="ciou")


def without_boxes(labels, clips=2):
    return [{"boxes": torch.zeros(0, 4), "labels": labels} for _ in range(clips)]


@pytest.mark.parametrize("assigner", [AnchorIoUAssigner(), BestAnchorAssigner(), BestPredictionAssigner(0.5)])
@pytest.mark.parametrize("box_loss", [GIoULoss(), SmoothL1Loss()])
@pytest.mark.parametrize("multi_hot", [False, True])
@pytest.mark.parametrize("early_samples", [0, 10])
def test_without_any_box_every_output_has_a_gradient_and_only_the_background_is_learned(
    assigner, box_loss, multi_hot, early_samples
):
    classes = random_raw(1, 0)["cls"].shape[2]
    class_loss = MultiHotFocalLoss(2) if multi_hot else SoftmaxFocalLoss()
    labels = torch.zeros(0, classes) if multi_hot else torch.zeros(0, dtype=torch.int64)
    criterion = Criterion(
        assigner, box_loss, class_loss, average_multi_hot=True, goal="iou", early_samples=early_samples
    )
    raw = random_raw(2, 0)
    raw["deltas"] = torch.ones_like(raw["boxes"]).requires_grad_()
    losses = criterion(raw, without_boxes(labels), samples_seen=2)
    losses["total"].backward()
    assert losses["cls"] == 0 and losses["conf"] > 0 and (early_samples > 0) == bool(losses["box"] > 0)
    used = {"cls", "conf", "boxes" if isinstance(box_loss, GIoULoss) else "deltas"}  # DDP waits for every parameter
    assert all(raw[name].grad is not None and raw[name].grad.isfinite().all() for name in used)
    assert (raw["conf"].grad > 0).all() and (raw["cls"].grad == 0).all()


@pytest.mark.parametrize("options", [{}, {"divide_by_batch": False, "average_multi_hot": True}])
def test_the_sums_of_parts_divide_into_the_loss_of_the_whole(options):
    """One part has no clip at all."""
    whole = Criterion(BestAnchorAssigner(), GIoULoss(), MultiHotFocalLoss(2), **options)
    raw, targets = random_raw(4, 0), random_targets(4, 3, 1)
    for target in targets:
        target["labels"] = torch.nn.functional.one_hot(target["labels"], 4).float()
    parts = []
    for rows in (slice(0, 3), slice(3, 4), slice(4, 4)):
        part = {key: raw[key][rows] for key in ("cls", "conf", "boxes", "deltas")}
        parts.append(whole.sums({**raw, **part}, targets[rows]))
    assert [part.clips for part in parts] == [3, 1, 0]
    added = {name: sum(part.terms[name] for part in parts) for name in parts[0].terms}
    found = whole.divided(added, 4, torch.tensor(sum(part.positives for part in parts)))
    for name, value in whole(raw, targets).items():
        assert found[name].item() == pytest.approx(value.item(), rel=1e-5)
