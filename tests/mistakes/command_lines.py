"""Command lines that work, and the small files they name; `tests/mistakes/changes.py` makes mistakes in them."""

import json
from pathlib import Path

import numpy as np
import torch

from tests.make_data import project, write_annotation
from yowo.config.build import build_detector
from yowo.config.checkpoint import CHECKPOINT_KEY, portable
from yowo.config.compose import compose_config
from yowo.evaluation.detection_table import DetectionTable

LINES = (
    "train",
    "train model=yowo_nano dataset=custom dataset.root=project trainer=cpu",
    "train experiment=yowo_plus_ucf24 dataset.root=project optimizer.lr=1e-3 dataset.image_size=128",
    "train dataset=custom dataset.root=project weights=best.ckpt weights.reset_head=true logger=[csv,tensorboard]",
    "train -m optimizer.lr=1e-3,1e-4 dataset=custom dataset.root=project trainer.max_epochs=1",
    "train resume=best.ckpt trainer.max_epochs=2 dataset.batch_size=4 hydra.run.dir=out",
    "train dataset=custom dataset.root=project dataset.train_videos=all dataset.val_videos=[a,b] seed=3 debug=overfit",
    "train backbone3d=resnet18 assigner=yowo box_loss=giou class_loss=auto optimizer=adam schedule=ucf24 +trainer.max_steps=9",
    "train --config-dir conf model=yowo --cfg job",
    "eval checkpoint=best.ckpt dataset.root=project",
    "eval checkpoint=best.ckpt dataset.root=project report=report.html metric=video postprocess.nms_threshold=0.4",
    "eval weights=best.ckpt dataset.root=project trainer.devices=1 dataset.score_threshold=0.05",
    "detect checkpoint=best.ckpt source=project/videos/a.mp4",
    "detect checkpoint=best.ckpt source=pictures output=found.mp4 device=cpu score_threshold=0.2 batch_size=2",
    "detect weights=best.ckpt source=project/videos/a.mp4 linker=online decoder=pyav context=none",
    "demo",
    "demo trainer.limit_train_batches=20 dataset.num_train=4 dataset.num_val=2 callbacks.budget.seconds=60",
    "info model=yowo_plus dataset=ucf24",
    "info -m model=yowo,yowo_nano dataset=ucf24 dataset.clip_len=32",
    "score --protocol ucf24 --detections found.npz --annotations truth.mat --output scores.json",
    "score --protocol ucf24 --detections found.npz --annotations truth.mat --linker trimmed --iou 0.2 0.5 --frames all",
    "data import --from simple-csv boxes.csv --videos project/videos --output imported --val-share 0.5",
    "data import --from simple-csv boxes.csv --videos project/videos --output other --val-videos names.txt --first-frame 0",
    "data check project",
    "data show project --split val --clip 2 --samples 2 --output sheet.png",
    "data anchors project --count 3 --seed 1",
    "data prepare project --output prepared --gop 4 --crf 30 --workers 1",
    "weights list",
    "weights info best.ckpt",
    "weights import best.ckpt --output copy.safetensors --model yowo_tiny",
    "weights fetch yowo_plus_ucf24 --folder weights",
    "report runs --output table",
    "reproduce --table 1 --weights-dir weights --root project --set trainer=cpu",
    "bench model model=yowo_tiny dataset=motion",
    "bench data dataset=custom dataset.root=project --clips 2 --workers 0",
    "bench score --detections found.npz --annotations truth.mat --tile 2",
    "bench prepare project/videos/a.mp4 --gop 4",
)  # fmt: skip
"""Without the program; the files are those of `write_files`."""


def write_files(folder: Path) -> None:
    """Write what the lines name."""
    project(folder / "project")
    (folder / "boxes.csv").write_text((folder / "project" / "annotations.csv").read_text())
    (folder / "names.txt").write_text("b\n")
    (folder / "pictures").mkdir()
    (folder / "conf" / "experiment").mkdir(parents=True)
    (folder / "conf" / "experiment" / "mine.yaml").write_text("# @package _global_\nseed: 5\n")
    config = compose_config("train", ["dataset=custom", f"dataset.root={folder}/project", "model=yowo_tiny"])
    state = {f"detector.{name}": tensor for name, tensor in build_detector(config).state_dict().items()}
    torch.save({"state_dict": state, CHECKPOINT_KEY: {"config": portable(config)}}, folder / "best.ckpt")
    write_annotation(folder / "truth.mat", {"Biking/b": (9, [(3, 2, 8)])})
    box, one = np.array([[30, 40, 90, 100]], np.float32), np.ones(1, np.int32)
    found = DetectionTable(("Biking/b",), np.array([9], np.int32), 0 * one, 3 * one, 2 * one, one / np.float32(2), box)
    found.save(folder / "found.npz")
    run = folder / "runs" / "1"
    (run / ".hydra").mkdir(parents=True)
    (run / ".hydra" / "overrides.yaml").write_text("- optimizer.lr=1e-3\n")
    (run / "config.yaml").write_text("seed: 0\n")
    (run / "metrics.json").write_text(json.dumps({"frame_map": {"0.5": 0.25}}))
    (folder / "weights").mkdir()
