"""The golden cases through the Python interface, as a user would run them."""

import json

import pytest
import torch

import yowo
from tests import golden_cases
from tests.make_data import pictures
from yowo.errors import ConfigError
from yowo.losses.assigners import AnchorIoUAssigner

TOLERANCE = {"yowo_plus_ucf24": 1e-4, "yowo_nano_ucf24": 1e-4, "yowo_plus_ava": 2e-4}


OTHER_HEAD = "yowo_plus_ucf24"
"""The network of yowo_plus_ava with the head of yowo_nano_ucf24."""


@pytest.fixture(
    scope="module",
    params=[pytest.param(n, marks=[pytest.mark.long] if n == OTHER_HEAD else []) for n in golden_cases.MODELS],
)
def case(request):
    """Name, facts, arrays, model and raw output of a golden case."""
    name = request.param
    facts, arrays = golden_cases.numbers(name)
    dataset = "ava" if name.endswith("ava") else "ucf24"
    with golden_cases.unset_weights():
        model = yowo.build_model(golden_cases.MODELS[name], dataset=dataset, clip_len=facts["clip_len"])
    report = yowo.load_weights(model, {"model": golden_cases.state_dict(name), "epoch": 1})
    assert not report.missing and not report.ignored
    clips = golden_cases.clips(facts["input_seed"], facts["clip_len"])
    if dataset == "ava":
        clips = (clips - 0.45) / 0.225
    model.eval()
    return name, facts, arrays, model, clips, model(clips)


def test_parameters_are_counted_as_the_authors_count(case):
    _, facts, _, model, _, _ = case
    assert sum(p.numel() for p in model.parameters()) == facts["params"]


def test_outputs_are_the_authors(case):
    name, _, arrays, model, _, raw = case
    expected = model.split(arrays["pred"])
    for part in ("conf", "cls", "deltas"):
        assert (raw[part] - expected[part]).abs().max() < TOLERANCE[name]
    sizes = (arrays["box_pred"][..., 2:] - arrays["box_pred"][..., :2]).clamp(min=1).max()
    assert (raw["boxes"] - arrays["box_pred"]).abs().max() / sizes < TOLERANCE[name]


def test_positives_are_the_authors(case):
    _, _, arrays, _, _, raw = case
    found = AnchorIoUAssigner()(raw, golden_cases.targets(arrays))
    assert torch.equal(torch.stack([found.clip, found.prediction], dim=1), arrays["positives"])
    assert torch.allclose(found.boxes_xyxy, arrays["positive_boxes"])


def test_losses_and_gradients_are_the_authors(case):
    _, facts, arrays, model, _, raw = case
    losses = yowo.compute_losses(model, raw, golden_cases.targets(arrays))
    names = {"conf": "loss_conf", "cls": "loss_cls", "box": "loss_box", "total": "losses"}
    for ours, theirs in names.items():
        assert losses[ours].item() == pytest.approx(facts["loss"][theirs], rel=1e-4)
    weight, bias = torch.autograd.grad(losses["total"], [model.head.weight, model.head.bias], retain_graph=True)
    assert weight.norm().item() == pytest.approx(facts["grad_pred_weight_norm"], rel=1e-4)
    assert torch.allclose(bias, arrays["grad_pred_bias"], rtol=1e-4, atol=1e-3)


def test_detections_are_the_authors(case, monkeypatch):
    name, facts, arrays, model, clips, raw = case
    monkeypatch.setattr(model, "forward", lambda given: raw if given is clips else pytest.fail("other clips"))
    found = yowo.detect(model, clips, facts["conf_thresh"], facts["nms_thresh"], facts["topk"])
    for i, detections in enumerate(found):
        if name == "yowo_plus_ava":
            expected = arrays[f"detections_{i}"]
            assert torch.allclose(detections["boxes"], expected[:, :4], atol=2e-4)
            assert torch.allclose(detections["confidence"], expected[:, 4], atol=2e-4)
            assert torch.allclose(detections["scores"], expected[:, 4:5] * expected[:, 5:], atol=2e-4)
        else:
            assert torch.equal(detections["labels"], arrays[f"det_labels_{i}"])
            assert torch.allclose(detections["boxes"], arrays[f"det_boxes_{i}"], atol=1e-4)
            assert torch.allclose(detections["scores"], arrays[f"det_scores_{i}"], atol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("steps", [3, 6])
def test_training_steps_follow_the_authors_trajectory(steps):
    facts = json.loads((golden_cases.FOLDER / "yowo_nano_training.json").read_text())
    with golden_cases.unset_weights():
        model = yowo.build_model("yowo_nano", "ucf24", 16, "fusion.dropout=0.0")
    yowo.load_weights(model, golden_cases.state_dict("yowo_nano_ucf24"))
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=5e-4)
    assert len(facts["losses"]) == 6
    for step, (seed, expected) in enumerate(list(zip(facts["input_seeds"], facts["losses"], strict=True))[:steps]):
        losses = yowo.compute_losses(model, model(golden_cases.clips(seed)), golden_cases.training_targets(seed))
        assert losses["total"].item() == pytest.approx(expected["losses"], rel=1e-3 if step < 2 else 2e-2)
        if step == steps - 1:
            break
        optimizer.zero_grad()
        losses["total"].backward()
        optimizer.step()


def test_a_model_from_a_checkpoint_is_the_one_that_was_saved(tmp_path):
    model = yowo.build_model("yowo_tiny", "motion", 8).eval()
    state = {f"detector.{name}": tensor for name, tensor in model.state_dict().items()}
    path = tmp_path / "best.ckpt"
    torch.save({"state_dict": state, "yowo": {"config": model.recipe}}, path)
    again = yowo.load_model(path)
    clips = torch.rand(1, 3, 8, 96, 128)
    assert torch.equal(model(clips)["boxes"], again(clips)["boxes"])
    assert torch.equal(model.anchors, again.anchors)


def test_detect_leaves_the_models_mode_as_it_was():
    model = yowo.build_model("yowo_tiny", "motion", 8).train()
    yowo.detect(model, torch.rand(1, 3, 8, 96, 128))
    assert model.training


def test_an_unknown_model_lists_the_models():
    with pytest.raises(
        ConfigError, match=r"model=yolo: there is no such choice; choose one of yowo, .*yowo_nano, yowo_plus"
    ):
        yowo.build_model("yolo")


def test_detect_leaves_frozen_parts_of_a_model_in_training_as_they_were():
    model = yowo.build_model("yowo_tiny", dataset="motion")
    model.backbone2d.eval()
    modes = [part.training for part in model.modules()]
    yowo.detect(model, torch.zeros(1, 3, 8, 64, 64))
    assert [part.training for part in model.modules()] == modes and len(set(modes)) == 2


def test_losses_of_a_detector_made_by_hand_need_a_criterion():
    model = yowo.build_model("yowo_tiny", "motion", 8)
    model.criterion = None
    with pytest.raises(ConfigError, match=r"has no loss; build it with yowo\.build_model"):
        yowo.compute_losses(model, model(torch.rand(1, 3, 8, 96, 128)), [])


def test_frames_of_ones_own_are_detected_on_as_yowo_detect_does(tmp_path):
    torch.manual_seed(0)
    model = yowo.build_model("yowo_tiny", "motion")
    frames = pictures(12, 0)
    detector = yowo.Detector(model, "device=cpu", "score_threshold=0.0", "linker.min_frames=2", "linker.max_delay=4")
    found = list(yowo.stream(detector, frames))
    assert [one.frame for one in found] == list(range(12)) and len(found[0].detections["boxes"]) > 0
    assert detector.names == tuple(model.recipe["dataset"]["classes"])
    assert [tube.number for one in yowo.stream(detector, frames) for tube in one.tubes] == [
        tube.number for one in found for tube in one.tubes
    ]
    torch.save({"state_dict": model.state_dict(), "yowo": {"config": model.recipe}}, tmp_path / "a b=[1].ckpt")
    stored = yowo.Detector.from_checkpoint(tmp_path / "a b=[1].ckpt", "device=cpu", "score_threshold=0.0")
    again = stored.result(frames[0]).detections
    assert torch.allclose(again["scores"], found[0].detections["scores"], atol=1e-5)


def test_results_come_before_the_next_frame_is_asked_for():
    asked = []

    def camera():
        for number, picture in enumerate(pictures(4, 0)):
            asked.append(number)
            yield picture

    for one in yowo.stream(yowo.build_model("yowo_tiny", "motion"), camera()):
        assert asked[-1] == one.frame


def test_a_linker_that_needs_all_frames_and_a_network_without_configuration_are_told():
    model = yowo.build_model("yowo_tiny", "motion")
    with pytest.raises(ConfigError, match=r"TrimmedLinker needs all frames; on frames as they come use linker=online"):
        yowo.Detector(model, "linker=trimmed")
    model.recipe = None
    with pytest.raises(ConfigError, match=r"this detector has no configuration; build it with yowo\.build_model"):
        yowo.Detector(model)
