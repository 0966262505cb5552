"""`yowo eval`: the metrics of a checkpoint on its held-out split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import RichProgressBar
from omegaconf import DictConfig
from rich.console import Console

from yowo.commands.hydra_app import remember_checkpoint, run_hydra
from yowo.commands.records import record_run, run_folder
from yowo.config import (
    build_datamodule,
    build_detector,
    build_module,
    build_trainer,
)
from yowo.config_checks import check_required, check_root
from yowo.data.datamodule import ClipDataModule
from yowo.evaluation.frame_map import FrameMAP
from yowo.evaluation.report import class_table, plot_class_ap, write_metrics
from yowo.training.module import ActionDetection
from yowo.weights.loading import load_weights


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo eval`."""
    remember_checkpoint("eval", arguments)
    run_hydra("eval", evaluate_checkpoint, arguments, check)


def check(config: DictConfig) -> None:
    """Check what evaluation needs, before anything is read.

    Raises:
        ConfigError: The checkpoint or the data set's folder is not given or not there.
    """
    check_required(config, "checkpoint", "yowo eval checkpoint=runs/train/.../best.ckpt")
    check_root(config)


def evaluate_checkpoint(config: DictConfig) -> None:
    """Evaluate the weights of `checkpoint` as configured, print and write the result."""
    record_run(config)
    data = build_datamodule(config)
    detector = build_detector(config)
    load_weights(detector, config.checkpoint)
    module = build_module(config, detector)
    trainer = build_trainer(config, logger=False, callbacks=[RichProgressBar()], enable_checkpointing=False)
    metrics = evaluate(trainer, module, data, config, None)
    if trainer.is_global_zero:
        report(metrics, run_folder(), f"checkpoint: {config.checkpoint}")


def evaluate(
    trainer: L.Trainer, module: ActionDetection, data: ClipDataModule, config: DictConfig, checkpoint: str | None
) -> dict[str, Any]:
    """Run the held-out split once.

    Args:
        trainer: Decides devices; every process takes part.
        module: Holds detector and metric.
        data: The data set.
        config: Names the protocol.
        checkpoint: Weights to load first; None keeps those in the module.

    Returns:
        The metrics as metrics.json holds them, fractions 0..1.
    """
    found = trainer.test(module, data, ckpt_path=checkpoint, verbose=False, weights_only=True)[0]
    prefix = "test/frame_map/"
    return {
        "protocol": config.dataset.protocol,
        "num_key_frames": len(data.dataset("val")),
        "frame_map": {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)},
        "frame_ap": cast(FrameMAP, module.metric).per_class(),
    }


def report(metrics: dict[str, Any], folder: Path, title: str) -> None:
    """Print the table by class; write metrics.json and a bar chart into `folder`."""
    console = Console()
    by_class = metrics["frame_ap"]["0.5"]
    console.print(class_table(by_class))
    console.print(title, highlight=False, soft_wrap=True)
    write_metrics(folder / "metrics.json", metrics)
    plot_class_ap(by_class, folder / "frame_ap.png")
    console.print(f"metrics: {folder / 'metrics.json'}", highlight=False, soft_wrap=True)
