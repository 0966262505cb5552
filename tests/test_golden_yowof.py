"""YOWOF's golden case through the Python interface, as a user would run it."""

import json

import pytest
import torch

import yowo
from tests import golden_cases, golden_yowof
from tests.golden_yowof import CHANNELS, CLASSES
from yowo.losses.candidates import flatten_targets
from yowo.models.frame_steps import frame_steps
from yowo.models.sliding_past import PastTensors

FACTS, ARRAYS = golden_yowof.numbers("yowof_r18_ucf24")
TRAINING = json.loads((golden_yowof.FOLDER / "yowof_r18_training.json").read_text())


def build(size=320, clip_len=16):
    """The network with the recipe's weights, loaded from a file's content as the authors' program writes it."""
    with golden_cases.unset_weights():
        model = yowo.build_model("yowof_r18", "ucf24", clip_len, f"dataset.image_size={size}")
    report = yowo.load_weights(model, {"model": golden_yowof.state_dict(), "epoch": 4})
    assert not report.missing and not report.ignored
    return model


@pytest.fixture(scope="module")
def model():
    return build().eval()


@pytest.fixture(scope="module")
def raw(model):
    return model(golden_yowof.clips(FACTS["input_seed"]))


def targets():
    return [{"boxes": ARRAYS[f"target_boxes_{i}"], "labels": ARRAYS[f"target_labels_{i}"].long()} for i in range(2)]


def assert_matches(model, raw, prefix=""):
    """Matches in their order, and roles."""
    assigner = model.criterion.assigner
    flat = flatten_targets(targets(), (320, 320), torch.device("cpu"), min_side=0.0)
    found = assigner.matches(raw, flat)
    box = found.target - torch.searchsorted(flat.clip, found.clip)
    for name, ours in (("image", found.clip), ("anchor", found.prediction), ("box", box), ("dropped", found.dropped)):
        assert torch.equal(ours, ARRAYS[f"{prefix}match_{name}"].to(ours)), name
    chosen = assigner(raw, targets())
    roles = torch.full(raw["cls"].shape[:2], 24)
    roles[chosen.ignored] = -1
    roles[chosen.clip, chosen.prediction] = chosen.labels
    assert torch.equal(roles, ARRAYS[f"{prefix}assigned"].long())


def assert_losses(model, raw, prefix, rel=1e-4):
    """Losses, gradients of biases, and the norm of every parameter's gradient."""
    losses = yowo.compute_losses(model, raw, targets())
    for name, theirs in (("cls", "loss_labels"), ("box", "loss_bboxes"), ("total", "losses")):
        assert losses[name].item() == pytest.approx(FACTS[f"{prefix}loss"][theirs], rel=rel), name
    model.zero_grad()
    losses["total"].backward(retain_graph=True)
    ours = {
        "act": model.head.act_pred,
        "cls": model.head.cls_pred,
        "reg": model.head.reg_pred,
        "lstm": model.fusion.conv,
    }
    for name, part in ours.items():
        expected = ARRAYS[f"{prefix}grad_{name}_bias"]
        limit = 3e-3 if prefix and name == "lstm" else 1e-3  # a ReLU near zero may switch: in float64 it is 3e-6
        assert (part.bias.grad - expected).abs().max() < limit * expected.abs().max(), name
    norms = [p.grad.norm().item() for p in model.parameters() if p.grad is not None]
    expected = list(FACTS[f"{prefix}grad_norm"].values())
    assert sorted(norms) == pytest.approx(sorted(expected), rel=2e-3, abs=1e-4)


def assert_detections(found, scores, labels, boxes):
    ours = torch.cat([found["boxes"], found["scores"][:, None], found["labels"][:, None]], dim=1)
    theirs = torch.cat([boxes, scores[:, None], labels[:, None]], dim=1)
    assert len(ours) == len(theirs) > 0 and golden_yowof.lonely(ours.detach(), theirs, 1e-4) == 0


@pytest.mark.long
def test_parameters_outputs_and_states_are_the_authors(model, raw):
    assert sum(p.numel() for p in model.parameters()) == FACTS["params"] == 23_312_337
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == FACTS["trainable_params"]
    assert len(model.state_dict()) == FACTS["state_dict_entries"]
    assert (raw["cls"][..., CLASSES] - ARRAYS["cls_preds"]).abs().max() < 1e-4
    assert (raw["boxes"] - ARRAYS["box_pred"]).abs().max() < 5e-3
    clips = golden_yowof.clips(FACTS["input_seed"])
    with torch.no_grad():
        state = model.watch(clips)
        feature = model.backbone2d(clips[:, :, -1])
    for name, ours in (("feat", feature), ("hidden", state.hidden), ("cell", state.cell)):
        assert (ours[:, CHANNELS] - ARRAYS[name]).abs().max() < 1e-3, name


@pytest.mark.long
def test_assignment_losses_and_gradients_are_the_authors(model, raw):
    assert_matches(model, raw)
    assert_losses(model, raw, "")


@pytest.mark.long
def test_detections_are_the_authors(model, raw):
    for clip, found in enumerate(model.postprocess.with_options(top_k=50)(raw)):
        assert_detections(found, *(ARRAYS[f"det_{name}_{clip}"] for name in ("scores", "labels", "boxes")))


@pytest.mark.long
def test_in_training_mode_outputs_losses_and_running_statistics_are_the_authors():
    model = build().train()
    raw = model(golden_yowof.clips(FACTS["input_seed"]))
    assert (raw["cls"][..., CLASSES] - ARRAYS["train_cls_preds"]).abs().max() < 3e-4
    assert (raw["boxes"] - ARRAYS["train_box_pred"]).abs().max() < 2e-2
    norm = model.backbone2d.bn1
    assert (norm.running_mean - ARRAYS["train_bn1_running_mean"]).abs().max() < 1e-5
    assert (norm.running_var - ARRAYS["train_bn1_running_var"]).abs().max() < 1e-4
    assert norm.num_batches_tracked == FACTS["train_bn1_num_batches"]
    assert_matches(model, raw, "train_")
    assert_losses(model, raw, "train_")


def streamed(model, way, frames, before):
    """Raw output at each frame; `before` are what steps keep before the first."""
    steps = frame_steps(model, 16, way)
    past = PastTensors(steps.past, steps.kept)
    past.fill(before(steps))
    for frame in frames:
        raw, kept = steps(frame[None], past.tensors())
        past.push(kept)
        yield raw


@pytest.mark.long
@torch.no_grad()
def test_the_stream_is_the_authors_and_equals_the_clip_of_all_frames(model):
    video = golden_yowof.clips(11, 1, 20)
    state = model.watch(video[:, :, :15])
    found = list(streamed(model, "state", video[0].transpose(0, 1)[15:], lambda steps: list(state)))
    for place, raw in enumerate(found):
        assert (raw["cls"][0][:, CLASSES] - ARRAYS["stream_cls_preds"][place]).abs().max() < 1e-4
    assert (found[-1]["boxes"][0] - ARRAYS["stream_box_pred"][-1]).abs().max() < 5e-3
    whole = model(video)
    assert (whole["cls"] - found[-1]["cls"]).abs().max() < 1e-5
    rule = model.postprocess.with_options(top_k=50)
    assert_detections(rule(found[-1])[0], *(ARRAYS[f"stream_det_{name}"] for name in ("scores", "labels", "boxes")))


@pytest.mark.long
@torch.no_grad()
def test_a_cold_start_is_the_authors(model):
    frames = golden_yowof.clips(11, 1, 20)[0].transpose(0, 1)[:4]
    found = list(streamed(model, "state", frames, lambda steps: steps.first(frames[:1])))
    for raw, expected in zip((found[0], found[1], found[3]), ARRAYS["cold_cls_preds"], strict=True):
        assert (raw["cls"][0][:, CLASSES] - expected).abs().max() < 1e-4


@pytest.mark.long
@torch.no_grad()
def test_kept_features_give_the_authors_sliding_clip(model):
    video = golden_yowof.clips(11, 1, 20)
    frames = video[0].transpose(0, 1)
    *_, last = streamed(model, "exact", frames, lambda steps: steps.first(frames[:1]))
    assert (last["cls"][..., CLASSES] - ARRAYS["sliding_cls_preds"]).abs().max() < 1e-4
    assert (model(video[:, :, 4:])["cls"][..., CLASSES] - ARRAYS["sliding_cls_preds"]).abs().max() < 1e-4
    assert (ARRAYS["sliding_cls_preds"][0] - ARRAYS["stream_cls_preds"][-1]).abs().max() > 0.1


@pytest.mark.long
def test_four_optimizer_steps_are_the_authors():
    model = build(TRAINING["size"], TRAINING["clip_len"]).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, weight_decay=1e-4)
    limits = (1e-5, 1e-4, 3e-3, 5e-2)  # of AdamW's first steps, which go by the sign of tiny gradients
    steps = zip(TRAINING["input_seeds"], TRAINING["targets"], TRAINING["losses"], limits, strict=True)
    for seed, clips, expected, rel in steps:
        own = golden_yowof.targets([clip["boxes"] for clip in clips], [clip["labels"] for clip in clips])
        raw = model(golden_yowof.clips(seed, 2, TRAINING["clip_len"], TRAINING["size"]))
        losses = yowo.compute_losses(model, raw, own)
        for name, theirs in (("cls", "loss_labels"), ("box", "loss_bboxes"), ("total", "losses")):
            assert losses[name].item() == pytest.approx(expected[theirs], rel=rel), (seed, name)
        optimizer.zero_grad()
        losses["total"].backward()
        norm = torch.stack([p.grad.double().norm() for p in model.parameters() if p.grad is not None]).norm().item()
        assert norm == pytest.approx(expected["grad_norm"], rel=max(1e-3, 2 * rel)), seed
        optimizer.step()


def _zeros(name, shape):
    return torch.zeros(shape, dtype=torch.int64 if name.endswith("num_batches_tracked") else torch.float32)


@pytest.mark.long
def test_the_names_of_the_larger_network_are_the_authors():
    with golden_cases.unset_weights():
        model = yowo.build_model("yowof_r50", "ava", 16, "dataset.image_size=256")
    shapes = json.loads((golden_yowof.FOLDER / "yowof_r50_ava_state_dict.json").read_text())
    report = yowo.load_weights(model, {"model": {name: _zeros(name, shape) for name, shape in shapes}})
    assert not report.missing and not report.ignored
    assert sum(p.numel() for p in model.parameters()) == 50_445_033
