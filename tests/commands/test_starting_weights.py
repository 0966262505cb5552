import argparse
import logging

import pytest
import torch
from omegaconf import OmegaConf

from tests.foreign_weights import foreign, names_of, small_shufflenet, small_yowo_v3
from yowo.commands.hydra_app import jobs
from yowo.commands.starting_weights import check_network, check_weights, load_network, remember_network
from yowo.config.build import build_detector
from yowo.config.checkpoint import network_parts, portable
from yowo.config.compose import compose_config, spelled_out
from yowo.errors import ConfigError, WeightsError

PARTS_OF_A_SMALL_NET = ["model=yowo_nano", "dataset=ucf24", "backbone2d=yolov2_tiny", "backbone3d=shufflenetv2_0.25x", "fusion=cfam_tiny"]  # fmt: skip


def saved(content, path):
    torch.save(content, path)
    return str(path)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A file such as YOWO-Plus's authors release, of a small network, and that network."""
    net = build_detector(compose_config("train", PARTS_OF_A_SMALL_NET))
    content = {"model": foreign(net, "yowo_nano_ucf24"), "epoch": 5, "args": argparse.Namespace(lr=1e-4)}
    return saved(content, tmp_path_factory.mktemp("weights") / "released.pth"), net


def configured(command, *arguments):
    return jobs(command, remember_network(command, arguments), command)[0]


def test_the_short_form_means_the_file():
    assert spelled_out(["weights=a b.pth", "weights.strict=false", "weightsx=1"]) == [
        "weights.file=a b.pth", "weights.strict=false", "weightsx=1",
    ]  # fmt: skip
    config = compose_config("train", ["weights=a.pth", "weights.backbone3d=b.pth", "weights.reset_head=true"])
    assert dict(config.weights) == {
        "file": "a.pth", "backbone2d": None, "backbone3d": "b.pth", "strict": True, "reset_head": True,
    }  # fmt: skip
    assert compose_config("train", ["weights=null"]).weights.file is None


@pytest.mark.parametrize("key", ["weights", "weights.backbone2d", "weights.backbone3d"])
def test_files_that_are_not_there_are_named_as_they_were_typed(key):
    with pytest.raises(ConfigError, match=rf"^{key}=gone\.pth: there is no such file"):
        check_weights(compose_config("train", [f"{key}=gone.pth"]))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("weights.strict=maybe", r"weights\.strict: expected true or false, got maybe"),
        ("weights=5", r"weights\.file: expected a file, or null, got 5"),
        ("weights.backbone4d=x", r"weights\.backbone4d: there is no such key; weights has backbone2d, backbone3d"),
    ],
)
def test_wrong_values_are_described(override, message):
    with pytest.raises(ConfigError, match=message):
        compose_config("train", [override])


@pytest.mark.parametrize("command", ["eval", "detect"])
def test_a_released_files_network_is_composed_by_name(released, command):
    path, net = released
    config = configured(command, f"weights={path}", *PARTS_OF_A_SMALL_NET, "dataset.clip_len=8")
    assert (config.model.name, config.dataset.name, config.dataset.clip_len) == ("yowo_nano", "ucf24", 8)
    loaded = build_detector(config)
    load_network(loaded, config)
    assert all(torch.equal(a, b) for a, b in zip(loaded.state_dict().values(), net.state_dict().values(), strict=True))


@pytest.mark.parametrize(
    ("case", "model"), [("yowo_plus_ucf24", "yowo_plus"), ("yowo_nano_ucf24", "yowo_nano"), ("yowo_ucf24", "yowo")]
)
def test_a_released_file_alone_tells_its_network(tmp_path, case, model):
    state = {name: torch.zeros(32) for name in names_of(case).values()}
    state["conv_final.weight" if model == "yowo" else "pred.weight"] = torch.zeros(145, 1)
    config = configured("eval", f"weights={saved({'state_dict': state}, tmp_path / 'w.pth')}")
    whole = compose_config("train", [f"model={model}", "dataset=ucf24"])
    assert network_parts(config) == network_parts(whole)


def test_an_experiment_names_the_network_too(released):
    config = configured("eval", f"weights={released[0]}", "experiment=yowo_nano_ucf24", "dataset.root=d")
    assert (config.model.name, config.dataset.name, config.dataset.root) == ("yowo_nano", "ucf24", "d")


def test_our_own_checkpoint_as_weights_brings_its_configuration(tmp_path, released):
    config = compose_config("train", [*PARTS_OF_A_SMALL_NET, "dataset.image_size=64"])
    content = {"yowo": {"config": portable(config)}, "state_dict": released[1].state_dict()}
    found = configured("eval", f"weights={saved(content, tmp_path / 'c.ckpt')}")
    assert found.dataset.image_size == 64 and found.weights.file.endswith("c.ckpt")


def test_a_network_that_cannot_be_told_is_asked_for(tmp_path):
    path = saved({"encoder.weight": torch.ones(1)}, tmp_path / "w.pth")
    with pytest.raises(
        WeightsError, match=r"its model and dataset cannot be recognised; give it, as in model=yowo_plus"
    ):
        remember_network("eval", [f"weights={path}"])


def test_the_parts_of_a_yowo_v3_file_are_found_out(tmp_path):
    path = saved(foreign(small_yowo_v3(), "yowo_v3_n_shufflenetv2_ucf24"), tmp_path / "ema_epoch_7.pth")
    config = configured("eval", f"weights={path}")
    assert (config.model.name, config.model.width, config.backbone2d.size) == ("yowo_v3", 8, "n")
    assert config.backbone3d.width == "0.25x" and config.dataset.name == "ucf24"
    load_network(build_detector(config), config)


def test_one_backbone_is_no_network_to_detect_with(tmp_path):
    path = saved(foreign(small_shufflenet(), "yowo_nano_ucf24", "backbone3d"), tmp_path / "w.pth")
    with pytest.raises(
        WeightsError, match=r"expected a whole detector, got a 3D ShuffleNet-v2 .*yowo train weights\.backbone3d="
    ):
        remember_network("detect", [f"weights={path}"])


def test_random_parts_are_refused_unless_asked_for(tmp_path, caplog):
    path = saved(foreign(small_shufflenet(), "yowo_nano_ucf24", "backbone3d"), tmp_path / "w.pth")
    config = configured("eval", f"weights={path}", *PARTS_OF_A_SMALL_NET)
    with pytest.raises(WeightsError, match=r"a part of the network keeps its random values.*weights\.strict=false"):
        load_network(build_detector(config), config)
    lenient = OmegaConf.merge(config, {"weights": {"strict": False}})
    with caplog.at_level(logging.WARNING):
        load_network(build_detector(config), lenient)
    assert "keeps its random values" in caplog.text


def test_a_checkpoint_or_weights_but_not_both(tmp_path, released):
    with pytest.raises(ConfigError, match=r"checkpoint is required, as in yowo eval checkpoint=.*or weights=FILE"):
        remember_network("eval", ["dataset=ucf24"])
    config = configured("eval", f"weights={released[0]}", *PARTS_OF_A_SMALL_NET)
    with pytest.raises(ConfigError, match=r"checkpoint=c\.ckpt and weights=.*: give only one of them"):
        check_network(OmegaConf.merge(config, {"checkpoint": "c.ckpt"}), "eval")


def test_a_checkpoints_backbone_can_be_replaced(tmp_path, released):
    config = compose_config("train", PARTS_OF_A_SMALL_NET)
    checkpoint = saved(
        {"yowo": {"config": portable(config)}, "state_dict": released[1].state_dict()}, tmp_path / "c.ckpt"
    )
    other = small_shufflenet(7)
    backbone = saved(other.state_dict(), tmp_path / "b.pth")
    config = configured("eval", f"checkpoint={checkpoint}", f"weights.backbone3d={backbone}")
    net = build_detector(config)
    load_network(net, config)
    assert torch.equal(net.backbone3d.conv1[0].weight, other.conv1[0].weight)
    assert torch.equal(net.head.weight, released[1].head.weight)


def test_an_exported_file_goes_without_other_weights_and_without_a_context():
    files = dict.fromkeys(("file", "backbone2d", "backbone3d"))
    config = OmegaConf.create({"checkpoint": None, "exported": "a.onnx", "context": {}, "weights": files})
    check_network(config, "detect")
    with pytest.raises(ConfigError, match="context=lfb needs the network's 3D backbone alone"):
        check_network(OmegaConf.merge(config, {"context": {"clip_len": 8}}), "detect")
    with pytest.raises(ConfigError, match=r"model=a\.onnx: the weights are in this file; give no checkpoint"):
        check_network(OmegaConf.merge(config, {"checkpoint": "x.ckpt"}), "eval")
