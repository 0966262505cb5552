"""The original YOWO's golden case through the Python interface, as a user would run it."""

import pytest
import torch
from omegaconf import OmegaConf

import yowo
from tests import golden_cases
from yowo.config.build import build_detector, make
from yowo.config.compose import compose_config
from yowo.losses.assigners import BestAnchorAssigner, BestPredictionAssigner
from yowo.losses.box_terms import GIoULoss, SmoothL1Loss
from yowo.losses.terms import MultiHotFocalLoss
from yowo.models.postprocess import ConfidenceOrder


@pytest.fixture(scope="module")
def case():
    """Facts, arrays, model, clips, what its parts gave (both backbones, the last convolution), and the raw output."""
    facts, arrays = golden_cases.original("yowo_ucf24")
    with golden_cases.unset_weights():
        model = yowo.build_model("yowo", dataset="ucf24", clip_len=16)
    state = {f"module.{name}": tensor for name, tensor in golden_cases.original_state_dict().items()}
    report = yowo.load_weights(model, {"epoch": 5, "state_dict": state, "fscore": 0.8})
    assert not report.missing and not report.ignored
    model.eval()
    clips = golden_cases.clips(facts["input_seed"])
    seen = {}
    hooks = [
        getattr(model, part).register_forward_hook(lambda *args, part=part: seen.__setitem__(part, args[-1]))
        for part in ("backbone2d", "backbone3d", "head")
    ]
    raw = model(clips)
    for hook in hooks:
        hook.remove()
    return facts, arrays, model, clips, seen, raw


def test_parameters_and_anchors_are_the_authors(case):
    facts, _, model, *_ = case
    assert sum(p.numel() for p in model.parameters()) == facts["params"] == 121_095_050
    assert torch.allclose(model.anchors, golden_cases.pixels(facts["anchors_in_cells"]))


def test_outputs_are_the_authors(case):
    _, arrays, _, _, seen, raw = case
    assert (seen["head"] - arrays["pred"]).abs().max() < 1e-4
    by_anchor = arrays["pred"].reshape(2, 5, 29, 7, 7)
    assert (raw["deltas"].reshape(2, 7, 7, 5, 4) - by_anchor[:, :, :4].permute(0, 3, 4, 1, 2)).abs().max() < 1e-4
    assert (raw["conf"].reshape(2, 7, 7, 5) - by_anchor[:, :, 4].permute(0, 2, 3, 1)).abs().max() < 1e-4
    assert (raw["cls"].reshape(2, 7, 7, 5, 24) - by_anchor[:, :, 5:].permute(0, 3, 4, 1, 2)).abs().max() < 1e-4


def test_features_of_both_backbones_are_the_authors(case):
    _, arrays, _, _, seen, _ = case
    assert (seen["backbone2d"][:, :16] - arrays["feat_2d"]).abs().max() < 1e-3
    assert (seen["backbone3d"][:, :16] - arrays["feat_3d"]).abs().max() < 1e-3


def test_losses_and_gradients_are_the_authors(case):
    facts, arrays, model, _, seen, raw = case
    losses = yowo.compute_losses(model, raw, golden_cases.targets(arrays))
    for name, expected in facts["loss"].items():
        assert losses[name].item() == pytest.approx(expected, rel=1e-4), name
    assert losses["box"].item() == pytest.approx(sum(facts["loss"][name] for name in "xywh"), rel=1e-4)
    gradient = torch.autograd.grad(losses["total"], seen["head"])[0]
    assert (gradient - arrays["grad_pred"]).abs().max() < 1e-4


def test_detections_are_the_authors(case, monkeypatch):
    _, arrays, model, clips, _, raw = case
    monkeypatch.setattr(model, "forward", lambda given: raw if given is clips else pytest.fail("other clips"))
    for i, found in enumerate(yowo.detect(model, clips, score_threshold=0.005)):
        expected = arrays[f"detections_{i}"]
        ours = torch.cat([golden_cases.centred(found["boxes"]), found["scores"][:, None], found["labels"][:, None]], 1)
        theirs = torch.cat([expected[:, :4], expected[:, 4:5] * expected[:, 5:6], expected[:, 6:]], dim=1)
        distances = (ours[:, None] - theirs).abs().amax(dim=2)
        assert len(ours) == len(theirs)
        assert distances.amin(dim=0).max() < 1e-4 and distances.amin(dim=1).max() < 1e-4


@pytest.mark.parametrize(
    ("dataset", "classes", "first", "last"),
    [
        ("ucf24", 24, (0.70458, 1.18803), (3.52332, 5.91979)),
        ("jhmdb21", 21, (0.95878, 3.10197), (4.91803, 6.25225)),
        ("ava", 80, (0.71626, 2.13583), (5.16303, 6.33821)),
    ],
)
def test_classes_and_anchors_are_the_data_sets_own(dataset, classes, first, last):
    with torch.device("meta"):
        config = compose_config("train", ["model=yowo", f"dataset={dataset}"])
        model = build_detector(config)
    assert model.head.weight.shape == (5 * (5 + classes), 1024, 1, 1)
    anchors = torch.tensor(OmegaConf.to_container(config.dataset.anchors)) / 32
    assert torch.allclose(anchors[[0, -1]], torch.tensor([first, last]))


def test_own_anchors_replace_those_of_the_set():
    config = compose_config("train", ["model=yowo", "dataset=ucf24", "dataset.anchors=[[10,20]]"])
    assert OmegaConf.to_container(config.dataset.anchors) == [[10, 20]]


def test_the_original_comes_with_its_own_parts_and_each_can_be_replaced():
    config = compose_config("train", ["model=yowo", "dataset=ava"])
    loss, rule = make(config.loss), make(config.postprocess)
    assert (type(loss.assigner), type(loss.box_loss), type(loss.class_loss)) == (
        BestAnchorAssigner,
        SmoothL1Loss,
        MultiHotFocalLoss,
    )
    assert rule == ConfidenceOrder(14, 0.005, None, True)
    other = ["box_loss=giou", "assigner=best_prediction", "postprocess=default"]
    loss = make(compose_config("train", ["model=yowo", *other]).loss)
    assert (type(loss.box_loss), type(loss.assigner)) == (GIoULoss, BestPredictionAssigner)
    assert type(make(compose_config("train", ["model=yowo", "loss=yowo_plus"]).loss).box_loss) is GIoULoss


@pytest.mark.parametrize("assigner", ["anchor_iou", "best_prediction", "yowo"])
@pytest.mark.parametrize("box_loss", ["giou", "smooth_l1"])
@pytest.mark.parametrize("loss", ["yowo", "yowo_plus"])
def test_every_assigner_box_term_and_loss_go_together(assigner, box_loss, loss):
    overrides = [f"assigner={assigner}", f"box_loss={box_loss}", f"loss={loss}", "dataset.image_size=64"]
    model = yowo.build_model("yowo_tiny", "ucf24", 8, *overrides)
    torch.manual_seed(0)
    target = {"boxes": torch.tensor([[0.1, 0.2, 0.4, 0.7], [0.5, 0.1, 0.9, 0.9]]), "labels": torch.tensor([3, 23])}
    empty = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    losses = yowo.compute_losses(model, model(torch.rand(2, 3, 8, 64, 64)), [target, empty])
    losses["total"].backward()
    assert losses["box"] > 0 and losses["cls"] > 0 and losses["conf"] > 0
    assert ("x" in losses) == (box_loss == "smooth_l1")
    assert losses["total"].item() == pytest.approx(sum(losses[n].item() for n in ("box", "conf", "cls")), rel=1e-6)
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in model.parameters())
    assert model.head.weight.grad.abs().sum() > 0


def test_the_original_detects_by_its_own_rule_and_yowo_plus_by_its():
    clips = torch.rand(1, 3, 8, 64, 64)
    plain = yowo.build_model("yowo_tiny", "ucf24", 8, "dataset.image_size=64")
    own = yowo.build_model("yowo_tiny", "ucf24", 8, "dataset.image_size=64", "postprocess=yowo")
    own.load_state_dict(plain.state_dict())
    found = yowo.detect(own, clips, score_threshold=0.0, nms_threshold=1.0)[0]
    assert len(found["boxes"]) == 2 * 2 * 5
    assert len(yowo.detect(plain, clips, score_threshold=0.0, nms_threshold=1.0)[0]["boxes"]) == 40
    own.eval()
    with torch.no_grad():
        raw = own(clips)
    best = (raw["conf"].sigmoid() * raw["cls"].softmax(dim=2))[0].amax(dim=1).sort(descending=True).values
    assert torch.allclose(found["scores"], best)


@pytest.mark.parametrize(("frames", "size"), [(32, (64, 64)), (16, (64, 96))])
def test_longer_clips_and_other_shapes(frames, size):
    with torch.device("meta"):
        model = build_detector(compose_config("train", ["model=yowo", "dataset=ava"])).eval()
        raw = model(torch.rand(1, 3, frames, *size))
    m = size[0] // 32 * size[1] // 32 * 5
    assert raw["cls"].shape == (1, m, 80) and raw["boxes"].shape == (1, m, 4)
