"""Evaluates one row of a table of the report, for `yowo reproduce`."""

import argparse
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from yowo.commands.eval import evaluate
from yowo.config.build import build_detector, image_size
from yowo.config.build_training import build_datamodule, build_module, build_trainer
from yowo.config.checks import check_root
from yowo.config.compose import compose_config
from yowo.config.path_values import quoted
from yowo.inference.speed import frames_per_second
from yowo.models.cost import frame_costs, module_costs
from yowo.reports.published import PublishedRow
from yowo.training.progress import ProgressLines, TerminalBar
from yowo.weights.loading import load_weights


def evaluate_row(row: PublishedRow, weights: Path, root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Evaluate one row as its experiment says.

    Args:
        row: The row.
        weights: Its weights file.
        root: The data set's folder.
        options: Of the command.

    Returns:
        Its metrics, fractions 0..1, with `parameters`, `multiply_adds`, `fps` and `weights`.
    """
    overrides = [f"experiment={row.name}", f"dataset.root={quoted(str(root))}", *row.evaluate, *options.set]
    config = compose_config("train", overrides)
    check_root(config)
    data, detector = build_datamodule(config), build_detector(config)
    load_weights(detector, weights)
    module = build_module(config, detector, data)
    trainer = build_trainer(
        config, logger=False, callbacks=[TerminalBar(), ProgressLines()], enable_checkpointing=False
    )
    metrics = evaluate(trainer, module, data, config, None)
    device = trainer.strategy.root_device
    rate = frames_per_second(detector, detector.postprocess, row.clip_len, image_size(config), device=device)
    return {**metrics, **_cost(config), "fps": rate, "device": str(device), "weights": weights.name}


def row_cost(row: PublishedRow) -> dict[str, float]:
    """Count `parameters` and `multiply_adds` of a row's network, without weights."""
    return _cost(compose_config("train", [f"experiment={row.name}"]))


def _cost(config: DictConfig) -> dict[str, float]:
    """Count a network's parameters, and its multiply-adds for a clip, or for a frame where it has a memory."""
    with torch.device("meta"):
        detector = build_detector(config).to("meta")
    size = image_size(config)
    costs = frame_costs(detector, size) or module_costs(detector, int(config.dataset.clip_len), size)
    return {
        "parameters": sum(part.parameters for part in costs),
        "multiply_adds": sum(part.multiply_adds for part in costs),
    }
