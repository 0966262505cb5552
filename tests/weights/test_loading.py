import argparse

import pytest
import torch
from safetensors.torch import save_file

import yowo
from tests.foreign_weights import (
    foreign,
    same_outputs,
    small_resnext,
    small_shufflenet,
    small_yolov2,
    small_yowo,
    small_yowo_plus,
    write_darknet,
)
from yowo.errors import WeightsError
from yowo.weights.loading import load_backbone, load_weights

CLIPS = torch.rand(1, 3, 8, 64, 64, generator=torch.Generator().manual_seed(5))
FRAMES = CLIPS[:, :, -1]


def small_net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))


def saved(content, path, legacy=False):
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


# --- every format gives the outputs of the same weights loaded directly ---


def test_a_released_yowo_plus_file(tmp_path):
    state = foreign(small_yowo_plus(1), "yowo_nano_ucf24")
    path = saved({"model": state, "epoch": 5, "args": argparse.Namespace(lr=1e-4)}, tmp_path / "w.pth")
    same_outputs(small_yowo_plus, lambda net: load_weights(net, path), CLIPS)


@pytest.mark.parametrize("score", ["score", "fscore"])
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "before 1.6"])
def test_a_checkpoint_of_the_original_yowo(tmp_path, score, legacy):
    state = foreign(small_yowo(1), "yowo_ucf24", prefix="module.")
    content = {"epoch": 5, "state_dict": state, "optimizer": {"state": {}, "param_groups": []}, score: 0.8}
    path = saved(content, tmp_path / "yowo_ucf24_16f_best.pth", legacy)
    same_outputs(small_yowo, lambda net: load_weights(net, path), CLIPS)


def test_the_coco_file_of_yowo_pluss_2d_backbone(tmp_path):
    path = saved(foreign(small_yolov2(1), "yowo_nano_ucf24", "backbone2d"), tmp_path / "yolov2.pth")
    same_outputs(small_yolov2, lambda net: load_weights(net, path), FRAMES)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "before 1.6"])
@pytest.mark.parametrize(
    ("make", "case"),
    [(small_resnext, "yowo_plus_ucf24"), (small_shufflenet, "yowo_nano_ucf24")],
    ids=["resnext", "shuffle"],
)
def test_a_kinetics_file_with_its_classifier(tmp_path, make, case, legacy):
    state = foreign(make(1), case, "backbone3d", prefix="module.")
    classifier = {"module.fc.weight": torch.ones(400, 16), "module.classifier.1.bias": torch.ones(600)}
    old = {n: t for n, t in state.items() if not n.endswith("num_batches_tracked")}  # PyTorch before 0.4.1
    content = {"epoch": 99, "arch": "net", "state_dict": old | classifier, "optimizer": {}}
    path = saved(content, tmp_path / "kinetics.pth", legacy)
    same_outputs(make, lambda net: load_weights(net, path), CLIPS)
    report = load_weights(make(3), path)
    assert report.ignored == ["fc.weight", "classifier.1.bias"] and not report.missing


def test_darknets_yolo_weights(tmp_path):
    def make(seed):
        return small_yolov2(seed, conv_bias=False)

    write_darknet(tmp_path / "yolo.weights", make(1))
    same_outputs(make, lambda net: load_weights(net, tmp_path / "yolo.weights"), FRAMES)


def test_our_own_checkpoints_and_safetensors(tmp_path):
    state = small_yowo_plus(1).state_dict()
    lightning = {f"detector.{n}": t for n, t in state.items()} | {"metric.total": torch.ones(1)}
    same_outputs(
        small_yowo_plus, lambda net: load_weights(net, saved({"state_dict": lightning}, tmp_path / "a.ckpt")), CLIPS
    )
    save_file(state, tmp_path / "b.bin")
    same_outputs(small_yowo_plus, lambda net: load_weights(net, tmp_path / "b.bin"), CLIPS)


def test_biases_before_a_norm_change_sides_without_changing_the_function():
    with_bias, without = small_yolov2(1), small_yolov2(2, conv_bias=False)
    load_weights(without, with_bias.state_dict())
    assert (without(FRAMES) - with_bias(FRAMES)).abs().max() < 1e-5
    back = small_yolov2(3)
    load_weights(back, without.state_dict())
    assert torch.equal(back(FRAMES), without(FRAMES))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_converted(kind, tmp_path):
    source = small_yowo_plus(1)
    path = saved(
        {"model": {n: t.to(kind) if t.is_floating_point() else t for n, t in source.state_dict().items()}},
        tmp_path / "w.pth",
    )
    loaded = small_yowo_plus(2)
    load_weights(loaded, path)
    assert all(p.dtype == torch.float32 for p in loaded.parameters())
    for mine, theirs in zip(loaded.parameters(), source.parameters(), strict=True):
        assert torch.equal(mine, theirs.to(kind).float())


# --- one backbone ---


def test_a_backbones_file_fills_that_backbone_and_leaves_the_rest(tmp_path):
    net, other = small_yowo_plus(1), small_yowo_plus(2)
    before = {n: t.clone() for n, t in net.state_dict().items()}
    path = saved(
        {"state_dict": foreign(other.backbone3d, "yowo_nano_ucf24", "backbone3d", "module.")}, tmp_path / "k.pth"
    )
    report = load_weights(net, path)
    assert report.part == "backbone3d" and report.loaded[0] == "backbone3d.conv1.0.weight"
    assert str(report).startswith(
        "a 3D ShuffleNet-v2 (Kinetics) into backbone3d: 330 entries loaded, 0 ignored, 0 missing"
    )
    for name, tensor in net.state_dict().items():
        assert torch.equal(tensor, (other.state_dict() if name.startswith("backbone3d.") else before)[name]), name


def test_a_backbone_is_taken_out_of_a_whole_detector(tmp_path):
    net, other = small_yowo_plus(1), small_yowo_plus(2)
    head = net.head.weight.clone()
    report = load_backbone(net, "backbone2d", {"model": foreign(other, "yowo_nano_ucf24")})
    assert torch.equal(net.backbone2d.head.weight, other.backbone2d.head.weight) and torch.equal(net.head.weight, head)
    assert report.part == "backbone2d" and not report.ignored and not report.missing


def test_the_other_backbones_file_is_refused():
    state = foreign(small_shufflenet(), "yowo_nano_ucf24", "backbone3d")
    with pytest.raises(
        WeightsError, match=r"weights\.backbone2d=state dict: expected a backbone2d, got a 3D ShuffleNet-v2"
    ):
        load_backbone(small_yowo_plus(), "backbone2d", state)


def test_every_tensor_of_the_backbone_must_be_there():
    state = foreign(small_shufflenet(), "yowo_nano_ucf24", "backbone3d")
    del state["features.3.banch2.0.weight"]
    with pytest.raises(
        WeightsError, match=r"without the entries backbone3d\.features\.3\.branch2\.0\.weight; .* strict=False"
    ):
        load_weights(small_yowo_plus(), state)
    assert load_weights(small_yowo_plus(), state, strict=False).missing == ["backbone3d.features.3.branch2.0.weight"]


def test_a_deeper_networks_file_does_not_fit_silently():
    deeper = small_resnext(1, layers=(3, 4, 23, 5)).state_dict()
    with pytest.raises(WeightsError, match=r"for a larger network: this network has no layer4\.3\.conv1\.weight"):
        load_weights(small_resnext(2), deeper)


def test_a_file_of_another_family_says_what_it_holds():
    with pytest.raises(WeightsError, match=r"no entry matches this network; the file is a 3D ShuffleNet-v2"):
        load_weights(small_resnext(), small_shufflenet().state_dict())


# --- what fits and what does not ---


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {"model": s, "epoch": 3},
        lambda s: {"state_dict": s},
        lambda s: {"model": {"state_dict": {"net": s}}},
    ],
)
def test_a_state_dict_is_found_however_it_is_wrapped(wrap, tmp_path):
    source, net = small_net().state_dict(), small_net()
    torch.nn.init.zeros_(net[0].weight)
    report = load_weights(net, saved(wrap(source), tmp_path / "w.pth"))
    assert torch.equal(net[0].weight, source["0.weight"])
    assert str(report).endswith("4 entries loaded, 0 ignored, 0 missing")


def test_the_prefix_of_data_parallel_training_is_dropped():
    state = {f"module.{name}": tensor for name, tensor in small_net().state_dict().items()}
    assert len(load_weights(small_net(), state).loaded) == 4


def test_missing_entries_are_an_error_unless_asked_for():
    state = {k: v for k, v in small_net().state_dict().items() if k != "1.bias"}
    with pytest.raises(
        WeightsError, match=r"without the entries 1\.bias; to load only .* strict=False \(weights\.strict=false\)"
    ):
        load_weights(small_net(), state)
    report = load_weights(small_net(), state | {"extra": torch.ones(1)}, strict=False)
    assert (report.missing, report.ignored) == (["1.bias"], ["extra"])
    assert str(report).endswith("3 entries loaded, 1 ignored, 1 missing; ignored: extra; missing: 1.bias")


def test_another_shape_is_an_error_that_names_both_unless_asked_for():
    state = small_net().state_dict() | {"0.bias": torch.ones(9)}
    with pytest.raises(WeightsError, match=r"does not match this network: 0\.bias \(file \[9\], network \[4\]\)"):
        load_weights(small_net(), state)
    report = load_weights(small_net(), state, strict=False)
    assert report.missing == ["0.bias"] and report.ignored == ["0.bias"] and len(report.loaded) == 3


def test_a_failed_load_changes_nothing():
    net = small_net()
    before = net[0].weight.clone()
    with pytest.raises(WeightsError, match="does not match"):
        load_weights(net, {"0.weight": torch.zeros(4, 3), "0.bias": torch.zeros(7)})
    assert torch.equal(net[0].weight, before)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (torch.full((4,), float("nan")), r"0\.bias has NaN or infinite values"),
        (torch.tensor([1.0, float("inf"), 0, 0]), r"0\.bias has NaN or infinite values"),
        (torch.ones(4, dtype=torch.int8), r"0\.bias has type torch\.int8, expected torch\.float32"),
        (torch.ones(4, dtype=torch.complex64), r"0\.bias has type torch\.complex64"),
        (torch.ones(4).to_sparse(), r"0\.bias is a sparse tensor"),
        (torch.ones(4, device="meta"), r"0\.bias has a shape but no values"),
    ],
)
def test_numbers_that_no_network_can_use_are_refused(tensor, words, strict):
    with pytest.raises(WeightsError, match=words):
        load_weights(small_net(), small_net().state_dict() | {"0.bias": tensor}, strict)


def test_names_that_nobody_knows_are_shown():
    with pytest.raises(
        WeightsError,
        match=r"no entry matches this network; the file is a state dict of unknown names with the entries a\.b",
    ):
        load_weights(small_net(), {"a.b": torch.ones(1)}, strict=False)


# --- another number of classes ---


def test_a_head_of_other_classes_starts_anew_only_when_asked():
    source, net = small_yowo_plus(1), small_yowo_plus(2, num_classes=21)
    for strict in (True, False):
        with pytest.raises(WeightsError, match=r"head\.weight \(file \[145.*network \[130.*weights\.reset_head=true"):
            yowo.load_weights(net, source.state_dict(), strict)
    report = yowo.load_weights(net, source.state_dict(), reset_head=True)
    assert report.reset == ["head.weight", "head.bias"] and not report.missing
    assert torch.equal(net.fusion.layers[0].conv.weight, source.fusion.layers[0].conv.weight)
    assert net.head.bias[:5].tolist() == pytest.approx([-4.595] * 5, abs=1e-3)  # a probability of 0.01
    assert "the head is initialised anew" in str(report)


def test_a_head_of_the_same_classes_starts_anew_when_asked():
    source, net = small_yowo_plus(1), small_yowo_plus(2)
    yowo.load_weights(net, source.state_dict(), reset_head=True)
    assert not torch.equal(net.head.weight, source.head.weight) and net.head.bias.std() > 0


def test_a_network_whose_head_cannot_be_initialised_anew_says_so():
    net = yowo.build_model("yowo_tiny", "motion", 8)
    weights = net.state_dict()
    net.head = torch.nn.Sequential(net.head)
    with pytest.raises(WeightsError, match=r"reset_head: the head of this network \(Detector\) cannot be initialised"):
        yowo.load_weights(net, weights, strict=False, reset_head=True)
