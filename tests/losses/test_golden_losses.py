"""The authors' losses of the original YOWO, from stored raw outputs on."""

import json

import numpy as np
import pytest
import torch

from tests import golden_cases
from tests.box_formats import cxcywh_to_xyxy
from yowo.losses.assigners import BestAnchorAssigner
from yowo.losses.box_terms import SmoothL1Loss
from yowo.losses.criterion import Criterion
from yowo.losses.terms import MultiHotFocalLoss, SoftmaxFocalLoss
from yowo.models.heads import per_anchor_output

FACTS, ARRAYS = golden_cases.original("loss_cases")
CASES = ("ucf24_basic", "ucf24_edge", "ucf24_warmup", "ava_basic", "ava_edge")
SHARPER = {"ucf24": 10.0, "ava": 40.0}


def criterion(dataset):
    ratio = json.loads((golden_cases.FOLDER / "ava_class_ratio.json").read_text())
    ratio = [ratio[str(number)] for number in range(1, 81)]
    return Criterion(
        BestAnchorAssigner(),
        SmoothL1Loss(),
        MultiHotFocalLoss(14, ratio) if dataset == "ava" else SoftmaxFocalLoss(),
        goal="iou",
        confidence_scale=0.5,
        divide_by_batch=False,
        average_multi_hot=True,
        early_samples=12_800,
    )


def prediction_of(dataset, kind):
    """The stored raw output, sharpened for the edge cases."""
    prediction = ARRAYS[f"{dataset}_pred"].clone()
    if kind == "edge":
        by_anchor = prediction.view(2, 5, -1, 7, 7)
        by_anchor[:, :, 4] = 10 * by_anchor[:, :, 4] - 2
        by_anchor[:, :, 5:] *= SHARPER[dataset]
    return prediction


def targets_of(dataset, kind):
    targets = []
    for image in range(2):
        rows = [row for row in FACTS[dataset]["loss"][kind]["boxes"] if row["image"] == image]
        boxes = cxcywh_to_xyxy(torch.tensor([row["cxcywh"] for row in rows]).reshape(-1, 4))
        labels = torch.tensor([row["class"] for row in rows] if dataset == "ucf24" else [], dtype=torch.int64)
        if dataset == "ava":
            labels = torch.zeros(len(rows), 80)
            for hot, row in zip(labels, rows, strict=True):
                hot[row["class"]] = 1.0
        targets.append({"boxes": boxes, "labels": labels})
    return targets


def opened(case):
    """Loss pieces of a case: data set, kind, prediction (a leaf), raw output, targets."""
    dataset, kind = case.split("_")
    prediction = prediction_of(dataset, kind).requires_grad_()
    raw = per_anchor_output(prediction, golden_cases.pixels(FACTS[dataset]["anchors_in_cells"]), stride=32)
    return dataset, kind, prediction, raw, targets_of(dataset, kind)


@pytest.mark.parametrize("case", CASES)
def test_every_term_and_the_gradient_are_the_authors(case):
    dataset, kind, prediction, raw, targets = opened(case)
    losses = criterion(dataset)(raw, targets, samples_seen=2 if kind == "warmup" else None)
    for name, expected in FACTS[dataset]["loss"][kind]["components"].items():
        assert losses[name].item() == pytest.approx(expected, rel=1e-4), name
    gradient = torch.autograd.grad(losses["total"], prediction)[0]
    assert (gradient - ARRAYS[f"{case}_grad"]).abs().max() < 1e-4
    assert gradient.abs().sum().item() == pytest.approx(FACTS[dataset]["loss"][kind]["grad_abs_sum"], rel=1e-4)


@pytest.mark.parametrize("case", [case for case in CASES if not case.endswith("warmup")])
def test_positives_labels_and_ignored_predictions_are_the_authors(case):
    dataset, _, _, raw, targets = opened(case)
    found = BestAnchorAssigner()(raw, targets)
    weights = ARRAYS[f"{case}_conf_mask"].permute(0, 2, 3, 1).reshape(2, -1)
    positive = torch.zeros_like(weights, dtype=torch.bool)
    positive[found.clip, found.prediction] = True
    assert torch.equal(positive, weights == 5)
    assert torch.equal(found.ignored, weights == 0)
    classes = ARRAYS[f"{case}_tcls"]
    if dataset == "ava":
        classes = torch.from_numpy(np.unpackbits(classes.numpy(), axis=-1))
    classes = classes.permute(0, 2, 3, 1, *range(4, classes.ndim)).flatten(1, 3)[found.clip, found.prediction]
    assert torch.equal(found.labels.float(), classes.float())


@pytest.mark.parametrize("dataset", ["ucf24", "ava"])
def test_a_batch_without_boxes_has_finite_losses(dataset):
    _, _, prediction, raw, _ = opened(f"{dataset}_basic")
    labels = torch.zeros(0, dtype=torch.int64) if dataset == "ucf24" else torch.zeros(0, 80)
    losses = criterion(dataset)(raw, [{"boxes": torch.zeros(0, 4), "labels": labels}] * 2)
    losses["total"].backward()
    expected = FACTS[dataset]["loss"]["empty_batch"]
    assert losses["conf"].item() == pytest.approx(expected["conf"], rel=1e-4)
    assert losses["total"].item() == losses["conf"].item()
    assert losses["cls"].item() == losses["box"].item() == 0
    assert torch.isfinite(prediction.grad).all()


def test_the_early_phase_ends_with_its_last_sample():
    _, _, _, raw, targets = opened("ucf24_basic")
    early, late, plain = (criterion("ucf24")(raw, targets, seen) for seen in (12_799, 12_800, None))
    assert early["box"] > late["box"]
    assert late["total"] == plain["total"]
