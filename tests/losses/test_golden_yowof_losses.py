"""The authors' assignment, losses, gradients and detections of YOWOF, from stored raw outputs on."""

import json

import pytest
import torch

from tests import golden_cases, golden_yowof
from tests.yowof_cases import small_yowof
from yowo.losses.box_terms import GIoULoss
from yowo.losses.candidates import flatten_targets
from yowo.losses.focal_criterion import FocalCriterion, focal_term
from yowo.losses.uniform import Matches, UniformAssigner

FACTS, ARRAYS = golden_yowof.numbers("loss_cases")
SQUARES = [[side, side] for side in (16, 32, 64, 128, 256)]
CASES = tuple(FACTS)
UNTIED = tuple(case for case in CASES if case != "ucf24_elongated")


def opened(case):
    """The three outputs of the head (leaves), the raw output that they become, the targets, and the network."""
    outputs = [ARRAYS[f"{FACTS[case]['raw']}.{name}"].clone().requires_grad_() for name in ("act", "cls", "reg")]
    classes = outputs[1].shape[1] // 5
    net = small_yowof(classes, classes if classes == 24 else 14, SQUARES)
    net.head.forward = lambda hidden: tuple(outputs)
    size = FACTS[case]["size"]
    return outputs, net.predict(torch.zeros(1), (size, size)), targets_of(case), net


def targets_of(case):
    return golden_yowof.targets(FACTS[case]["boxes"], FACTS[case]["labels"])


class StoredMatches(UniformAssigner):
    """Assigns by the matches that are stored: where costs are tied, rounding decides which of them are taken."""

    def __init__(self, case):
        super().__init__()
        self.stored = tuple(ARRAYS[f"{case}.match_{name}"].long() for name in ("image", "anchor", "box", "dropped"))

    def matches(self, raw, flat):
        clip, prediction, box, dropped = self.stored
        first = torch.searchsorted(flat.clip, clip)
        return Matches(clip, prediction, first + box, dropped.bool())


def criterion(case, assigner):
    ratio = json.loads((golden_cases.FOLDER / "ava_class_ratio.json").read_text())
    classes = 80 if case.startswith("ava") else 24
    ratio = [ratio[str(number)] for number in range(1, 81)] if classes == 80 else None
    term = focal_term([""] * classes, 14 if classes == 80 else 24, ratio)
    return FocalCriterion(assigner, GIoULoss(), term)


@pytest.mark.parametrize("case", CASES)
def test_matches_and_roles_are_the_authors(case):
    _, raw, targets, _ = opened(case)
    flat = flatten_targets(targets, raw["image_size"], raw["cls"].device, min_side=0.0)
    if case in UNTIED:
        found, stored = UniformAssigner().matches(raw, flat), StoredMatches(case).matches(raw, flat)
        for name in ("clip", "prediction", "target", "dropped"):
            assert torch.equal(getattr(found, name), getattr(stored, name)), name
    found = (UniformAssigner() if case in UNTIED else StoredMatches(case))(raw, targets)
    classes = raw["cls"].shape[-1]
    roles = torch.full(raw["cls"].shape[:2], 24 if classes == 24 else 0)
    roles[found.ignored] = -1
    roles[found.clip, found.prediction] = found.labels if classes == 24 else 1
    assert torch.equal(roles, ARRAYS[f"{case}.assigned"].long())


def test_anchors_of_equal_cost_are_chosen_among_those_that_tie():
    _, raw, targets, _ = opened("ucf24_elongated")
    flat = flatten_targets(targets, raw["image_size"], raw["cls"].device, min_side=0.0)
    found = UniformAssigner().matches(raw, flat)
    ties = FACTS["ucf24_elongated"]["anchor_ties"]
    assert len(ties) == len(flat.clip)
    for target, expected in enumerate(ties):
        by_rank = found.prediction[found.target == target].view(4, 2)
        own, sure = set(by_rank[:, 1].tolist()), set(expected["surely"])
        assert sure <= own <= sure | set(expected["tied_for_the_rest"]) and len(own) == 4


@pytest.mark.parametrize("case", CASES)
def test_losses_and_gradients_are_the_authors(case):
    outputs, raw, targets, _ = opened(case)
    assigner = UniformAssigner() if case in UNTIED else StoredMatches(case)
    losses = criterion(case, assigner)(raw, targets)
    for name, theirs in (("cls", "loss_labels"), ("box", "loss_bboxes"), ("total", "losses")):
        assert losses[name].item() == pytest.approx(FACTS[case]["loss"][theirs], rel=1e-4), name
    losses["total"].backward()
    act, cls, reg = (output.grad for output in outputs)
    by_class = cls.unflatten(1, (5, -1))
    found = {"grad_act": act, "grad_reg": reg, "grad_cls_over_classes": by_class.sum(dim=2)}
    for name, gradient in {**found, "grad_cls_over_cells": by_class.sum(dim=(3, 4))}.items():
        expected = ARRAYS[f"{case}.{name}"]
        assert (gradient - expected).abs().max() < 1e-3 * expected.abs().max(), name


@pytest.mark.parametrize("case", UNTIED)
def test_detections_are_the_authors(case):
    _, raw, _, net = opened(case)
    multi_hot = case.startswith("ava")
    rule = net.postprocess.with_options(score_threshold=0.1 if multi_hot else 0.005)
    for clip, found in enumerate(rule(raw)):
        if multi_hot:
            ours, theirs = torch.cat([found["boxes"], found["scores"]], dim=1), ARRAYS[f"{case}.detections_{clip}"]
        else:
            ours = torch.cat([found["boxes"], found["scores"][:, None], found["labels"][:, None]], dim=1)
            theirs = ARRAYS[f"{case}.det_{clip}"]
        assert len(ours) == len(theirs) > 0 and golden_yowof.lonely(ours.detach(), theirs) == 0


@pytest.mark.parametrize("case", ["ucf24_basic", "ava_basic"])
def test_a_batch_without_boxes_is_background(case):
    outputs, raw, targets, _ = opened(case)
    none = [{"boxes": torch.zeros(0, 4), "labels": target["labels"][:0]} for target in targets]
    losses = criterion(case, UniformAssigner())(raw, none)
    assert losses["box"].item() == 0 and losses["cls"].item() > 0
    losses["total"].backward()
    assert all(torch.isfinite(output.grad).all() for output in outputs[:2])


def test_a_clip_without_boxes_adds_its_background():
    _, raw, targets, _ = opened("ucf24_basic")
    bare = [targets[0], {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}]
    found = UniformAssigner()(raw, bare)
    assert set(found.clip.tolist()) == {0} and not found.ignored[1].any()
    assert criterion("ucf24_basic", UniformAssigner())(raw, bare)["box"].item() > 0
