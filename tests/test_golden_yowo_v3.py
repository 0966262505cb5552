"""YOWOv3's golden case through the Python interface, as a user would run it."""

import copy

import pytest
import torch

import yowo
from tests import golden_cases, golden_v3
from yowo.config.build import make
from yowo.config.compose import compose_config

PARTS = ("backbone2d=yolov8_n", "backbone3d=shufflenetv2_1.0x")
TRAINING_EPS, EVALUATION_EPS = 1e-3, 1e-5
FIXED = 16
"""The distances 0 to 15 among the authors' parameters, which are no weights here."""
ASSIGNERS = {
    "tal": ["assigner=tal"],
    "tal_soft": ["assigner=tal", "assigner.soft_labels=true"],
    "simota": ["assigner=simota"],
    "simota_dynamic": ["assigner=simota", "assigner.dynamic=true"],
    "normal": ["assigner=simota", "assigner.dynamic=true", "assigner.soft_labels=false"],
}
LOSSES = {"cls": "cls", "box": "box", "distance": "dfl", "total": "total"}


def built(*overrides):
    with golden_cases.unset_weights():
        model = yowo.build_model("yowo_v3", "ucf24", 16, *PARTS, *overrides)
    report = yowo.load_weights(model, golden_v3.state_dict())
    assert not report.missing and set(report.ignored) <= {"detection_head.dfl.conv.weight"}  # the fixed distances
    return model


def set_eps(model, eps):
    for norm in model.fusions.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.eps = eps


@pytest.fixture(scope="module")
def case():
    """Facts, arrays, the evaluation build, its features, its raw output, and the raw output of the training build."""
    facts, arrays = golden_v3.numbers()
    model = built(f"model.fusion_norm_eps={EVALUATION_EPS}").eval()
    seen = {}
    handles = [
        getattr(model, part).register_forward_hook(lambda *args, part=part: seen.__setitem__(part, args[-1]))
        for part in ("backbone2d", "backbone3d")
    ]
    clips = golden_v3.clips(facts["input_seed"])
    with torch.no_grad():
        raw = model(clips)
    for handle in handles:
        handle.remove()
    again = copy.copy(model)
    again._modules = {**model._modules, "backbone2d": Known(seen["backbone2d"])}
    set_eps(again, TRAINING_EPS)
    training = again(clips, seen["backbone3d"])
    return facts, arrays, model, seen, raw, training


class Known(torch.nn.Module):
    """A backbone whose features are known."""

    def __init__(self, features):
        super().__init__()
        self.features = features

    def forward(self, frames):
        return self.features


def criterion_of(name):
    return make(
        compose_config("train", ["model=yowo_v3", "dataset=ucf24", "assigner.mask=released", *ASSIGNERS[name]]).loss
    )


def test_parameters_are_the_authors(case):
    facts, _, model, *_ = case
    assert sum(p.numel() for p in model.parameters()) == facts["params"] - FIXED == 25_768_010


def test_features_and_inference_output_are_the_authors(case):
    facts, arrays, _, seen, raw, _ = case
    assert (seen["backbone3d"][:, :16] - arrays["feat_3d"]).abs().max() < 1e-4
    for level, channels in ((1, 8), (2, 16)):
        assert (seen["backbone2d"][level][0, :channels] - arrays[f"feat_2d_{level}"]).abs().max() < 1e-3
    shown = slice(None, None, facts["output_every"])
    boxes = golden_cases.centred(raw["boxes"].flatten(0, 1)).view(2, -1, 4)[:, shown]
    scores = raw["cls"].sigmoid()[:, shown]
    assert (boxes - arrays["output"][:, :4].transpose(1, 2)).abs().max() < 5e-3
    assert (scores.logit() - arrays["output"][:, 4:].transpose(1, 2).logit()).abs().max() < 2e-3  # of float32 scores
    assert (scores - arrays["output"][:, 4:].transpose(1, 2)).abs().max() < 1e-6


def test_raw_output_of_the_training_build_is_the_authors(case):
    _, arrays, *_, training = case
    assert "conf" not in training and "anchors" not in training
    channels, start = torch.cat([training["deltas"], training["cls"]], dim=2)[0].detach().T, 784
    for level in (1, 2):
        expected = arrays[f"raw_{level}"][0].flatten(1)
        assert (channels[:, start : start + expected.shape[1]] - expected).abs().max() < 2e-4
        start += expected.shape[1]


@pytest.mark.parametrize("name", ASSIGNERS)
def test_positives_goals_and_losses_are_the_authors(case, name):
    facts, arrays, *_, training = case
    criterion = criterion_of(name)
    found = criterion.assigner(training, golden_v3.targets(arrays["targets"]))
    theirs = arrays[f"{name}_positives"].long()
    order = (theirs[:, 0] * 2000 + theirs[:, 1]).argsort()
    assert torch.equal(torch.stack([found.clip, found.prediction], dim=1), theirs[order])
    assert torch.equal(found.labels, arrays[f"{name}_class"][order].long())
    assert (found.boxes_xyxy - arrays[f"{name}_target_boxes_px"][order]).abs().max() < 1e-3
    score = torch.ones(len(found.clip)) if found.quality is None else found.quality
    assert (score - arrays[f"{name}_score"][order]).abs().max() < 1e-4
    losses = criterion(training, golden_v3.targets(arrays["targets"]))
    for ours, name_there in LOSSES.items():
        assert losses[ours].item() == pytest.approx(facts["assigners"][name]["loss"][name_there], rel=1e-4)
    assert losses["conf"].item() == 0


@pytest.mark.long
@pytest.mark.parametrize("name", ["tal", "simota"])
def test_gradients_of_the_heads_and_the_attention_are_the_authors(case, name):
    _, arrays, model, *_, training = case
    losses = criterion_of(name)(training, golden_v3.targets(arrays["targets"]))
    biases = [getattr(head, branch)[2].bias for branch in ("box", "cls") for head in model.heads]
    gammas = [getattr(fusion, branch).layers[2].gamma for branch in ("box", "cls") for fusion in model.fusions]
    found = torch.autograd.grad(losses["total"], [*biases, *gammas], retain_graph=True)
    expected = [arrays[f"{name}_grad_{branch}_bias_{level}"] for branch in ("box", "cls") for level in range(3)]
    for ours, theirs in zip(found[:6], expected, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    assert torch.allclose(torch.cat(found[6:]), arrays[f"{name}_grad_gamma"], rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["tal", "simota"])
def test_an_image_without_boxes_is_background_and_a_batch_without_any_has_a_loss(case, name):
    facts, arrays, *_, training = case
    criterion, given = criterion_of(name), golden_v3.targets(arrays["targets"])
    empty = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    total = criterion(training, [given[0], empty])["total"].item()
    assert total == pytest.approx(facts["assigners"][name]["loss_second_image_empty"], rel=1e-4)
    nothing = criterion(training, [empty, empty])
    assert nothing["box"] == nothing["distance"] == 0 and nothing["cls"].item() > 0
    assert nothing["total"] == nothing["cls"] and torch.isfinite(nothing["total"])


def test_detections_are_the_authors(case, monkeypatch):
    facts, arrays, model, _, raw, _ = case
    clips = golden_v3.clips(facts["input_seed"])
    monkeypatch.setattr(model, "forward", lambda given: raw)
    found = yowo.detect(model, clips, facts["conf_threshold"], facts["iou_threshold"])
    for image, ours in enumerate(found):
        theirs = arrays[f"detections_{image}"]
        rows = torch.cat([ours["boxes"] * 224, 1000 * ours["scores"][:, None], ours["labels"][:, None]], dim=1)
        distances = (rows[:, None] - theirs * torch.tensor([1, 1, 1, 1, 1000, 1])).abs().amax(dim=2)
        assert len(rows) == len(theirs) == facts["detections"][image]
        assert distances.amin(dim=0).max() < 5e-3 and distances.amin(dim=1).max() < 5e-3
        assert (ours["scores"] - theirs[:, 4]).abs().max() < 1e-6


@pytest.mark.long
@pytest.mark.parametrize("name", ["tal", "simota"])
def test_gradients_of_the_whole_network_are_the_authors(name):
    facts, arrays = golden_v3.numbers()
    model = built("assigner.mask=released", *ASSIGNERS[name]).eval()
    raw = model(golden_v3.clips(facts["input_seed"]))
    yowo.compute_losses(model, raw, golden_v3.targets(arrays["targets"]))["total"].backward()
    fusion = {"conv_bn_relu1.0.weight": "layers.0.conv.weight"}
    for theirs, norm in facts["grad_norms"][name].items():
        part, *rest = theirs.split(".")
        if part in ("net2D", "net3D"):
            own = ".".join(["backbone2d" if part == "net2D" else "backbone3d", *rest])
        else:
            branch, level, *inner = rest
            ending = ".".join(inner)
            own = f"{'fusions' if part == 'fusion' else 'heads'}.{level}.{branch}.{fusion.get(ending, ending)}"
        gradient = model.get_parameter(own).grad
        assert gradient.norm().item() == pytest.approx(norm, rel=2e-3, abs=1e-5), theirs


@pytest.mark.long
def test_training_steps_follow_the_authors_trajectory():
    facts = golden_v3.numbers()[0]["training"]
    model = built("assigner.mask=released", "fusion.dropout=0.0").train()
    decayed = [p for n, p in model.named_parameters() if p.ndim > 1 or n.endswith("gamma")]
    plain = [p for n, p in model.named_parameters() if p.ndim == 1 and not n.endswith("gamma")]
    sizes = [sum(p.numel() for p in group) for group in (decayed, plain)]
    assert sizes == [facts["parameters_per_group"][0] - FIXED, sum(facts["parameters_per_group"][1:])]
    optimizer = torch.optim.AdamW(
        [{"params": decayed}, {"params": plain, "weight_decay": 0.0}], 1e-4, weight_decay=5e-4
    )
    average = copy.deepcopy(model)
    for step, (seed, expected) in enumerate(zip(facts["input_seeds"], facts["losses"], strict=True), start=1):
        losses = yowo.compute_losses(model, model(golden_v3.clips(seed)), golden_cases.training_targets(seed))
        assert losses["total"].item() == pytest.approx(expected, rel=1e-4 if step == 1 else 2e-3)
        optimizer.zero_grad()
        losses["total"].backward()
        torch.nn.utils.clip_grad_value_(model.parameters(), facts["clip_grad_value"])
        optimizer.step()
        decay = 0.9999 * (1 - torch.tensor(-step / 2000, dtype=torch.float64).exp().item())
        for mean, now in zip(average.parameters(), model.parameters(), strict=True):
            mean.data.lerp_(now.data, 1 - decay)
    for network, kind in ((average, "ema_after"), (model, "weights_after")):
        for values in facts[kind].values():
            assert (network.heads[0].cls[2].bias[:8] - torch.tensor(values)).abs().max() < 2e-5


def test_the_released_build_has_its_epsilon_in_each_mode():
    with golden_cases.unset_weights():
        model = yowo.build_model("yowo_v3", "ucf24", 16, *PARTS, "recipe=released", "model.width=8")
    norms = [m for m in model.fusions.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    others = [m for m in model.heads.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert {n.eps for n in norms} == {TRAINING_EPS} and {n.momentum for n in norms} == {0.03}
    model.eval()
    assert {n.eps for n in norms} == {EVALUATION_EPS} and {n.eps for n in others} == {TRAINING_EPS}
    assert model.criterion.assigner.mask == "released"
    clips = torch.rand(2, 3, 8, 32, 32)
    yowo.detect(model.train(), clips)
    model(clips)
    assert {n.eps for n in norms} == {TRAINING_EPS}


@pytest.mark.parametrize(("eps", "told"), [("paper", True), pytest.param("released", False, marks=pytest.mark.long)])
def test_released_weights_in_a_build_that_evaluates_otherwise_are_told_of(caplog, eps, told):
    with golden_cases.unset_weights():
        model = yowo.build_model("yowo_v3", "ucf24", 16, *PARTS, f"model.fusion_norm_eps={eps}", "model.width=8")
    yowo.load_weights(model, {"net2D.net.p1.0.conv.weight": torch.zeros(16, 3, 3, 3)}, strict=False)
    assert ("model.fusion_norm_eps=released" in caplog.text) == told
