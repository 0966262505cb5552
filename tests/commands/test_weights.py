import argparse
import struct

import pytest
import torch

import yowo
from tests.foreign_weights import foreign, same_outputs, small_shufflenet, small_yolov2, small_yowo_plus
from yowo.commands.weights import run
from yowo.config.build import build_detector
from yowo.config.checkpoint import register_checkpoint
from yowo.config.compose import compose_config
from yowo.errors import WeightsError
from yowo.models.backbones2d.yolov8 import YOLOv8
from yowo.weights.loading import load_weights
from yowo.weights.registry import Published

CLIPS = torch.rand(1, 3, 8, 64, 64, generator=torch.Generator().manual_seed(5))


def saved(content, path):
    torch.save(content, path)
    return path


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def test_the_list_shows_every_file_and_what_to_do_with_it(capsys, wide):
    run(["list"])
    shown = capsys.readouterr().out
    assert "yowo_plus_ava_k32" in shown and "yowo_ava_v2.2_K32_21.6.pth" in shown
    assert "model=yowo_plus dataset=ava dataset.clip_len=32" in shown and "releases/download/yowo-weight/" in shown
    assert "to download in a browser: yowo_ucf24, yowo_jhmdb21: https://www.dropbox.com/sh/16jv2kwzom1pmlt" in shown


def test_a_released_tiny_file_becomes_a_checkpoint_that_knows_its_network(tmp_path, capsys):
    source = build_detector(compose_config("train", ["model=yowo_tiny", "dataset=ucf24", "dataset.clip_len=8"]))
    path = saved({"model": source.state_dict(), "epoch": 1}, tmp_path / "w.pth")
    run(["import", str(path), "--output", str(tmp_path / "w.ckpt"), "--clip-len", "8"])
    assert "w.ckpt: yowo_tiny, ucf24; a detector of this project" in capsys.readouterr().out
    loaded = yowo.load_model(tmp_path / "w.ckpt")
    assert loaded.recipe["dataset"]["clip_len"] == 8
    assert all(
        torch.equal(a, b) for a, b in zip(loaded.state_dict().values(), source.state_dict().values(), strict=True)
    )
    register_checkpoint(str(tmp_path / "w.ckpt"))
    assert compose_config("eval", [f"checkpoint={tmp_path}/w.ckpt"]).dataset.name == "ucf24"
    run(["import", str(path), "--output", str(tmp_path / "w.safetensors"), "--dataset", "ucf24"])
    assert len(load_weights(source, tmp_path / "w.safetensors").missing) == 0


def test_a_kinetics_file_becomes_safetensors(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = foreign(small_shufflenet(1), "yowo_nano_ucf24", "backbone3d", "module.")
    saved({"state_dict": state}, tmp_path / "kinetics.pth")
    run(["import", "kinetics.pth"])
    assert "use: yowo train weights.backbone3d=kinetics.safetensors" in capsys.readouterr().out
    same_outputs(small_shufflenet, lambda net: load_weights(net, tmp_path / "kinetics.safetensors"), CLIPS)


def test_a_file_of_yolov8_becomes_safetensors_and_says_its_size(tmp_path, capsys, monkeypatch, wide):
    monkeypatch.chdir(tmp_path)
    saved(YOLOv8("n").state_dict(), tmp_path / "v8_n.pth")
    run(["info", "v8_n.pth"])
    assert "yowo train weights.backbone2d=v8_n.pth backbone2d=yolov8_n" in capsys.readouterr().out
    run(["import", "v8_n.pth"])
    assert "use: yowo train weights.backbone2d=v8_n.safetensors backbone2d=yolov8_n" in capsys.readouterr().out


def test_nothing_is_written_over(tmp_path):
    path = saved(small_shufflenet().state_dict(), tmp_path / "w.pth")
    (tmp_path / "w.safetensors").write_bytes(b"mine")
    with pytest.raises(WeightsError, match=r"w\.safetensors: the file already exists; give another --output"):
        run(["import", str(path), "--output", str(tmp_path / "w.safetensors")])
    assert (tmp_path / "w.safetensors").read_bytes() == b"mine"


def test_a_failed_import_leaves_nothing(tmp_path):
    path = saved(small_yowo_plus().state_dict(), tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"does not match this network|without the entries"):
        run(["import", str(path), "--model", "yowo_tiny", "--output", str(tmp_path / "out.ckpt")])
    assert [p.name for p in tmp_path.iterdir()] == ["w.pth"]


def test_what_a_file_does_not_tell_is_asked_for(tmp_path):
    path = saved({"encoder.weight": torch.ones(1)}, tmp_path / "w.pth")
    with pytest.raises(
        WeightsError,
        match=r"a state dict of unknown names whose network cannot be recognised; give --model and --dataset",
    ):
        run(["import", str(path), "--output", str(tmp_path / "w.ckpt")])


def test_info_says_what_a_file_is_and_how_to_use_it(tmp_path, capsys, wide):
    state = foreign(small_yowo_plus(), "yowo_nano_ucf24")
    state["pred.bias"][0] = float("nan")
    path = saved({"model": state, "epoch": 5, "args": argparse.Namespace(a=1)}, tmp_path / "released.pth")
    run(["info", str(path)])
    shown = capsys.readouterr().out
    for words in ("PyTorch", "YOWO-Plus or YOWO-Nano", "24 classes (ucf24)", "float32", "epoch", "1 entries have NaN"):
        assert words in shown, words
    assert "yowo detect weights=" in shown


def test_info_of_darknet(tmp_path, capsys, wide):
    (tmp_path / "yolo.weights").write_bytes(struct.pack("<4i", 0, 1, 0, 3) + bytes(400))
    run(["info", str(tmp_path / "yolo.weights")])
    shown = capsys.readouterr().out
    assert "darknet's yolo.weights" in shown and "1, 100 numbers" in shown and "weights.backbone2d=" in shown


def test_fetch_reports_the_file_and_its_use(tmp_path, capsys, monkeypatch):
    source = saved(small_yolov2().state_dict(), tmp_path / "s.pth")
    chosen = Published("small", "s.pth", source.as_uri(), "backbone2d", "backbone2d=yolov2", "a test")
    monkeypatch.setattr("yowo.commands.weights.published", lambda name: chosen)
    run(["fetch", "small", "--folder", str(tmp_path)])
    shown = capsys.readouterr().out
    assert "s.pth: a test" in shown and "use: yowo train weights.backbone2d=" in shown and "backbone2d=yolov2" in shown


def test_an_unknown_name_is_one_line():
    with pytest.raises(WeightsError, match=r"nothing: there are no published weights of this name; choose one of"):
        run(["fetch", "nothing"])


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit, match="0"):
        run(["--help"])
    assert "yowo weights import yowo_ucf24_84.9.pth --output yowo_plus_ucf24.ckpt" in capsys.readouterr().out
