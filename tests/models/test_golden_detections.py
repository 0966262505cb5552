"""The authors' detections of the original YOWO, from stored raw outputs on."""

import pytest
import torch

from tests import golden_cases
from tests.losses.test_golden_losses import ARRAYS, FACTS, prediction_of
from yowo.models.heads import per_anchor_output
from yowo.models.postprocess import ConfidenceOrder


def raw_of(dataset, kind):
    anchors = golden_cases.pixels(FACTS[dataset]["anchors_in_cells"])
    return per_anchor_output(prediction_of(dataset, kind), anchors, stride=32)


def same_rows(ours, theirs, slack=0):
    """Whether two tables hold the same rows in any order, but for `slack` rows."""
    distances = (ours[:, None] - theirs).abs().amax(dim=2)
    lonely = int((distances.amin(dim=0) > 1e-4).sum() + (distances.amin(dim=1) > 1e-4).sum())
    return lonely <= slack and abs(len(ours) - len(theirs)) <= slack


@pytest.mark.parametrize("dataset", ["ucf24", "ava"])
def test_boxes_and_confidences_are_the_authors(dataset):
    raw, expected = raw_of(dataset, "basic"), ARRAYS[f"{dataset}_basic_box_pred"]
    for clip in range(2):
        assert torch.allclose(golden_cases.centred(raw["boxes"][clip] / 224), expected[clip, :, :4], atol=1e-5)
    assert torch.allclose(raw["conf"].squeeze(-1).sigmoid(), expected[..., 4], atol=1e-5)


@pytest.mark.parametrize("kind", ["basic", "edge"])
def test_boxes_with_their_best_class_are_the_authors(kind):
    for i, found in enumerate(ConfidenceOrder(24, every_class=False)(raw_of("ucf24", kind))):
        rows = ARRAYS[f"ucf24_{kind}_detections_{i}"]
        theirs = torch.cat([rows[:, :4], rows[:, 4:5] * rows[:, 5:6], rows[:, 6:]], dim=1)
        ours = torch.cat([golden_cases.centred(found["boxes"]), found["scores"][:, None], found["labels"][:, None]], 1)
        assert same_rows(ours, theirs)


@pytest.mark.parametrize("kind", ["basic", "edge"])
def test_evaluation_scores_every_class_above_the_limit(kind):
    for i, found in enumerate(ConfidenceOrder(24)(raw_of("ucf24", kind))):
        lines = ARRAYS[f"ucf24_{kind}_lines_{i}"]
        corners = (found["boxes"] * torch.tensor([320.0, 240, 320, 240])).round()
        ours = torch.cat([found["scores"][:, None], found["labels"][:, None]], dim=1)
        assert same_rows(torch.cat([ours, corners], dim=1), torch.cat([lines[:, 1:2], lines[:, 6:], lines[:, 2:6]], 1))


@pytest.mark.parametrize("kind", ["basic", "edge"])
def test_avas_boxes_are_kept_by_confidence_alone(kind):
    for i, found in enumerate(ConfidenceOrder(14)(raw_of("ava", kind))):
        rows = ARRAYS[f"ava_{kind}_detections_{i}"]
        ours = torch.cat([golden_cases.centred(found["boxes"]), found["confidence"][:, None], found["scores"]], dim=1)
        assert same_rows(ours, torch.cat([rows[:, :5], rows[:, 4:5] * rows[:, 5:]], dim=1), slack=2)
