import argparse
import re

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
    small_yowo_v2,
    small_yowo_v3,
    small_yowof,
    write_darknet,
)
from yowo.errors import WeightsError
from yowo.models.backbones2d.free_yolo import FreeYOLO
from yowo.models.backbones2d.resnet import Basic, ResNet2D, build_resnet2d
from yowo.models.backbones2d.yolov8 import YOLOv8
from yowo.models.backbones3d.i3d import I3D
from yowo.weights.family_names import BINS
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


FAMILY = {
    "yowof_r18_ucf24": small_yowof,
    "yowo_v2_nano_ucf24": small_yowo_v2,
    "yowo_v3_n_shufflenetv2_ucf24": small_yowo_v3,
}


@pytest.mark.parametrize("case", FAMILY)
def test_a_released_file_of_the_later_models(tmp_path, case):
    make, state = FAMILY[case], foreign(FAMILY[case](1), case)
    if "v3" in case:  # bare, with the fixed distances and what a profiler left
        left = {"total_ops": torch.zeros(1), "net2D.net.p1.0.conv.total_params": torch.zeros(1)}
        content = state | left | {BINS: torch.arange(16.0).reshape(1, 16, 1, 1)}
    else:
        left, content = {}, {"model": state, "epoch": 5, "args": argparse.Namespace(lr=1e-4)}
    path = saved(content, tmp_path / "w.pth")
    net = make(2)
    report = load_weights(net, path)
    loaded, source = net.state_dict(), make(1).state_dict()
    assert len(report.loaded) == len(state) == len(loaded) and not report.missing
    assert len(report.ignored) == (3 if left else 0)
    assert all(torch.equal(tensor, source[name]) for name, tensor in loaded.items())


def random_state(network, rename):
    """A state dict of a network's shapes with values of its own, by other names."""
    random = torch.Generator().manual_seed(9)
    state = network.state_dict()
    return {rename(n): torch.rand(t.shape, generator=random) if t.is_floating_point() else t for n, t in state.items()}


def mmaction(name):
    """MMAction's names: a convolution and its norm are in one module."""
    name = re.sub(r"downsample\.(\d)", lambda m: f"downsample.{'conv' if m[1] == '0' else 'bn'}", name)
    name = re.sub(r"(?<!\.downsample\.)\b(conv\d)\.", r"\1.conv.", name)
    return "backbone." + re.sub(r"\bbn(\d)\.", r"conv\1.bn.", name)


@pytest.mark.parametrize(
    ("make", "rename", "others", "wrap"),
    [
        (
            lambda: build_resnet2d("resnet18"),
            mmaction,
            ["cls_head.fc_cls.weight", "cls_head.fc_cls.bias"],
            "state_dict",
        ),
        (lambda: build_resnet2d("resnet18"), str, ["fc.weight", "fc.bias"], None),
        (lambda: YOLOv8("n"), str, ["head.box.0.0.conv.weight"], None),
        (I3D, str, ["logits.conv3d.weight", "logits.conv3d.bias"], None),
    ],
    ids=["MMAction", "torchvision", "YOWOv3's YOLOv8", "I3D"],
)
def test_a_backbones_released_file_fills_it_whole(tmp_path, make, rename, others, wrap):
    net = make()
    state = random_state(net, rename)
    content = state | {name: torch.ones(2) for name in others}
    report = load_weights(net, saved({wrap: content} if wrap else content, tmp_path / "w.pth"))
    assert len(report.loaded) == len(state) and report.ignored == others and not report.missing
    assert all(
        torch.equal(mine, theirs) for mine, theirs in zip(net.state_dict().values(), state.values(), strict=True)
    )


def test_free_yolos_file_fills_what_fits_and_must_fill_the_inner_network(tmp_path):
    net = FreeYOLO("shufflenetv2")
    state = random_state(net, str) | {"cls_preds.0.weight": torch.ones(80, 64, 1, 1)}
    state["non_shared_heads.0.cls_feats.0.0.conv.weight"] = torch.ones(96, 1, 3, 3)
    del state["neck.cv1.bias"]
    report = load_weights(net, saved({"model": state}, tmp_path / "w.pth"))
    assert report.missing == ["neck.cv1.bias", "non_shared_heads.0.cls_feats.0.0.conv.weight"]
    assert report.ignored == ["cls_preds.0.weight", "non_shared_heads.0.cls_feats.0.0.conv.weight"]
    assert torch.equal(net.fpn.cv1.conv.weight, state["fpn.cv1.conv.weight"])
    del state["backbone.stage3.1.branch2.0.weight"]
    with pytest.raises(WeightsError, match=r"FreeYOLO .* without the entries backbone\.stage3\.1\.branch2\.0\.weight;"):
        load_weights(net, state)


def test_torchvisions_shuffle_net_fills_the_inner_network():
    net = FreeYOLO("shufflenetv2")
    state = random_state(net.backbone, str) | {"conv5.0.weight": torch.ones(2), "fc.bias": torch.ones(2)}
    report = load_weights(net, state)
    assert report.ignored == ["conv5.0.weight", "fc.bias"] and not any(
        n.startswith("backbone.") for n in report.missing
    )
    assert torch.equal(net.backbone.stage4[3].branch2[0].weight, state["stage4.3.branch2.0.weight"])


def test_a_file_of_another_model_says_which_it_is_for():
    state = foreign(small_yowo_v2(), "yowo_v2_nano_ucf24")
    state["cls_preds.0.bias"] = torch.ones(80)
    meant = r"YOWOv2, for (model=yowo_v2_nano )?dataset=ava,"
    with pytest.raises(WeightsError, match=rf"no entry matches this network; the file is {meant} with the entries"):
        load_weights(small_net(), state)
    with pytest.raises(
        WeightsError, match=r"YOLOv8 \(COCO\), for backbone2d=yolov8_n, does not match this network: net\."
    ):
        load_weights(YOLOv8("s"), YOLOv8("n").state_dict())
    with pytest.raises(WeightsError, match=r"expected a backbone3d, got a 2D ResNet \(torchvision"):
        load_backbone(small_yowo_plus(), "backbone3d", build_resnet2d("resnet18").state_dict())
    with pytest.raises(WeightsError, match=r"expected 72 entries besides cls_head\.\* .* got 120"):
        load_weights(
            ResNet2D(Basic, (1, 1, 1, 1)), {mmaction(n): t for n, t in build_resnet2d("resnet18").state_dict().items()}
        )


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


@pytest.mark.parametrize(
    ("make", "layers", "start"),
    [
        (small_yowof, ["head.cls_pred"], -4.595),
        (small_yowo_v2, [f"heads.{level}.cls" for level in range(3)], -4.595),
        (small_yowo_v3, [f"heads.{level}.cls.2" for level in range(3)], -8.099),
    ],
)
def test_only_the_classes_convolutions_of_the_later_models_start_anew(make, layers, start):
    source, net = make(1), make(2, num_classes=21)
    with pytest.raises(
        WeightsError, match=rf"{layers[0]}\.weight \(file .*for other classes.*weights\.reset_head=true"
    ):
        load_weights(net, source.state_dict())
    report = load_weights(net, source.state_dict(), reset_head=True)
    assert report.reset == [f"{layer}.{entry}" for layer in layers for entry in ("weight", "bias")]
    loaded, given = net.state_dict(), source.state_dict()
    assert len(report.loaded) + len(report.reset) == len(loaded) and not report.missing
    first = net.get_submodule(layers[0])
    assert first.bias[0].item() == pytest.approx(start, abs=1e-3) and first.weight.std() > 0
    assert all(torch.equal(loaded[name], given[name]) for name in loaded.keys() - set(report.reset))


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
