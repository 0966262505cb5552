"""The original YOWO's golden case through the Python interface, as a user would run it."""

import pytest
import torch

import yowo
from tests import golden_cases


@pytest.fixture(scope="module")
def case():
    """Facts, arrays, model, clips, the last convolution's output and the raw output."""
    facts, arrays = golden_cases.original("yowo_ucf24")
    model = yowo.build_model("yowo", dataset="ucf24", clip_len=16)
    state = {f"module.{name}": tensor for name, tensor in golden_cases.original_state_dict().items()}
    report = yowo.load_weights(model, {"epoch": 5, "state_dict": state, "fscore": 0.8})
    assert not report.missing and not report.ignored
    model.eval()
    clips = golden_cases.clips(facts["input_seed"])
    seen = []
    hook = model.head.register_forward_hook(lambda *args: seen.append(args[-1]))
    raw = model(clips)
    hook.remove()
    return facts, arrays, model, clips, seen[0], raw


def test_parameters_and_anchors_are_the_authors(case):
    facts, _, model, *_ = case
    assert sum(p.numel() for p in model.parameters()) == facts["params"] == 121_095_050
    assert torch.allclose(model.anchors, golden_cases.pixels(facts["anchors_in_cells"]))


def test_outputs_are_the_authors(case):
    _, arrays, _, _, prediction, raw = case
    assert (prediction - arrays["pred"]).abs().max() < 1e-4
    by_anchor = arrays["pred"].reshape(2, 5, 29, 7, 7)
    assert (raw["deltas"].reshape(2, 7, 7, 5, 4) - by_anchor[:, :, :4].permute(0, 3, 4, 1, 2)).abs().max() < 1e-4
    assert (raw["conf"].reshape(2, 7, 7, 5) - by_anchor[:, :, 4].permute(0, 2, 3, 1)).abs().max() < 1e-4
    assert (raw["cls"].reshape(2, 7, 7, 5, 24) - by_anchor[:, :, 5:].permute(0, 3, 4, 1, 2)).abs().max() < 1e-4


def test_features_of_both_backbones_are_the_authors(case):
    _, arrays, model, clips, _, _ = case
    with torch.no_grad():
        assert (model.backbone2d(clips[:, :, -1])[:, :16] - arrays["feat_2d"]).abs().max() < 1e-3
        assert (model.motion_feature(clips)[:, :16] - arrays["feat_3d"]).abs().max() < 1e-3


def test_losses_and_gradients_are_the_authors(case):
    facts, arrays, model, _, prediction, raw = case
    losses = yowo.compute_losses(model, raw, golden_cases.targets(arrays))
    for name, expected in facts["loss"].items():
        assert losses[name].item() == pytest.approx(expected, rel=1e-4), name
    assert losses["box"].item() == pytest.approx(sum(facts["loss"][name] for name in "xywh"), rel=1e-4)
    gradient = torch.autograd.grad(losses["total"], prediction)[0]
    assert (gradient - arrays["grad_pred"]).abs().max() < 1e-4


def test_detections_are_the_authors(case):
    _, arrays, model, clips, _, _ = case
    for i, found in enumerate(yowo.detect(model, clips, score_threshold=0.005)):
        expected = arrays[f"detections_{i}"]
        ours = torch.cat([golden_cases.centred(found["boxes"]), found["scores"][:, None], found["labels"][:, None]], 1)
        theirs = torch.cat([expected[:, :4], expected[:, 4:5] * expected[:, 5:6], expected[:, 6:]], dim=1)
        distances = (ours[:, None] - theirs).abs().amax(dim=2)
        assert len(ours) == len(theirs)
        assert distances.amin(dim=0).max() < 1e-4 and distances.amin(dim=1).max() < 1e-4
