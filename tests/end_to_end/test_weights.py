"""Weights as a user types them: training from backbones, fine-tuning, evaluation and detection with released files."""

import argparse

import numpy as np
import pytest
import torch

from tests.end_to_end.running import forked
from tests.end_to_end.test_commands import TINY
from tests.foreign_weights import alive, foreign
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.video.writer import VideoWriter

NET = ["model=yowo_nano", "backbone2d=yolov2_tiny", "backbone3d=shufflenetv2_0.25x", "fusion=cfam_tiny"]
DATA = ["dataset=motion", "dataset.clip_len=8"]
RUN = [*NET, *DATA, *TINY, "logger=none", "trainer.limit_train_batches=1", "trainer.limit_val_batches=1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A released detector of 24 classes, and its backbones as COCO and Kinetics files."""
    path = tmp_path_factory.mktemp("user")
    torch.manual_seed(0)
    net = alive(build_detector(compose_config("train", [*NET, "dataset=ucf24", "dataset.clip_len=8"])))
    names = "yowo_nano_ucf24"
    torch.save({"model": foreign(net, names), "args": argparse.Namespace(lr=1e-4)}, path / "released.pth")
    torch.save(foreign(net.backbone2d, names, "backbone2d"), path / "coco.pth")
    state = foreign(net.backbone3d, names, "backbone3d", "module.") | {"module.classifier.1.bias": torch.ones(600)}
    torch.save({"state_dict": state, "arch": "shufflenetv2"}, path / "kinetics.pth")
    with VideoWriter(path / "video.mp4", 25, (64, 64)) as writer:
        for value in range(10):
            writer.write(np.full((64, 64, 3), 20 * value, np.uint8))
    return path


def test_training_starts_from_a_detector_of_other_classes_and_two_backbones(folder):
    files = ["weights=released.pth", "weights.backbone2d=coco.pth", "weights.backbone3d=kinetics.pth"]
    forked("train", *RUN, *files, "weights.reset_head=true", folder=folder)
    log = "\n".join(path.read_text() for path in folder.glob("runs/train/*/train.log"))
    assert (
        "released.pth: YOWO-Plus or YOWO-Nano: 507 entries loaded, 0 ignored, 0 missing; the head is initialised anew"
        in log
    )
    assert "coco.pth: the 2D backbone YOLOv2 of YOWO-Plus (COCO) into backbone2d: 156 entries loaded, 0 ignored" in log
    assert (
        "kinetics.pth: a 3D ShuffleNet-v2 (Kinetics) into backbone3d: 330 entries loaded, 1 ignored, 0 missing" in log
    )


def test_evaluation_takes_weights_and_another_backbone(folder):
    trained = next((folder / "runs" / "train").glob("*/best.ckpt"))
    forked("eval", f"weights={trained}", "weights.backbone3d=kinetics.pth", "trainer=cpu", folder=folder)
    assert list(folder.glob("runs/eval/*/metrics.json"))


def test_a_released_file_detects_without_the_data_sets_folder(folder):
    size = ["dataset=ucf24", "dataset.clip_len=8", "dataset.image_size=64"]
    typed = ["detect", "weights=released.pth", "source=video.mp4", "output=out.mp4", "device=cpu"]
    forked(*typed, *NET, *size, folder=folder)
    assert (folder / "out.mp4").stat().st_size > 500 and (folder / "out.csv").is_file()
