import pytest
import torch

from yowo.commands.bench import backends as module
from yowo.commands.bench.backend_names import NEEDS, way_of
from yowo.commands.bench.backends import build_backends, detections_of
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.inference.frame_times import moving_pictures, same_detections


def network(*overrides):
    torch.manual_seed(0)
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", "dataset.image_size=64", *overrides])
    return config, build_detector(config)


def test_clip_and_exact_find_the_same(tmp_path):
    config, detector = network()
    pictures = moving_pictures(12, (64, 64))
    built, notes = build_backends(config, detector, ["clip", "exact"], "cpu", tmp_path, pictures)
    assert list(built) == ["clip", "exact"] and not notes
    assert built["exact"].operations < built["clip"].operations
    found = detections_of(built, pictures)
    assert len(found["clip"][0]["boxes"]) and same_detections(found["clip"], found["exact"]) == 1


def test_a_network_that_cannot_slide_is_noted(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "obstacle", lambda network, way: "its stem is unknown")
    built, notes = build_backends(*network(), ["clip", "exact"], "cpu", tmp_path, moving_pictures(2, (64, 64)))
    assert list(built) == ["clip"] and notes == ["PyTorch, exact: its stem is unknown"]


def test_a_network_with_a_state_has_a_row_for_it_which_needs_less(tmp_path):
    config, detector = network("model=yowof_tiny")
    pictures = moving_pictures(4, (64, 64))
    built, notes = build_backends(config, detector, ["clip", "exact", "state"], "cpu", tmp_path, pictures)
    assert list(built) == ["clip", "exact", "state"] and not notes
    assert built["state"].operations < built["exact"].operations < built["clip"].operations
    assert len(detections_of({"state": built["state"]}, pictures)["state"]) == 4


def test_other_programs_are_left_out_on_a_gpu(tmp_path, monkeypatch):
    config, detector = network()
    monkeypatch.setattr(detector, "to", lambda device: detector)
    monkeypatch.setattr(module, "count_operations", lambda *given: {"clip": 1})
    built, notes = build_backends(config, detector, ["clip", "onnx"], "cuda", tmp_path, moving_pictures(2, (64, 64)))
    assert list(built) == ["clip"] and notes == ["ONNX Runtime: measured with --device cpu only"]


@pytest.mark.long
def test_every_other_program_finds_what_pytorch_finds(tmp_path):
    for package in {package for packages in NEEDS.values() for package in packages}:
        pytest.importorskip(package)
    config, detector = network()
    pictures = moving_pictures(12, (64, 64))
    built, notes = build_backends(config, detector, list(NEEDS), "cpu", tmp_path, pictures)
    assert list(built) == [name for name in NEEDS if way_of(name) != "state"] and not notes
    assert built["onnx-int8"].title == "ONNX Runtime, int8"
    found = detections_of(built, pictures)
    for name in ("onnx", "openvino", "onnx-exact", "openvino-exact"):
        assert same_detections(found["clip"], found[name]) > 0.99
