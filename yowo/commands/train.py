"""`yowo train`: trains a detector, then evaluates its best checkpoint."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning as L
from omegaconf import DictConfig

from yowo.commands.eval import evaluate, report
from yowo.commands.hydra_app import run_hydra
from yowo.commands.records import record_run, record_training, run_folder
from yowo.commands.starting_weights import check_weights, chosen_weights
from yowo.config.build import (
    build_callbacks,
    build_datamodule,
    build_detector,
    build_loggers,
    build_module,
    build_trainer,
)
from yowo.config.checkpoint import REMEMBERED, register_checkpoint
from yowo.config.checks import check_root
from yowo.config.compose import override_value
from yowo.data.datamodule import ClipDataModule
from yowo.errors import ConfigError
from yowo.training.module import ActionDetection

log = logging.getLogger(__name__)
BEST = "best.ckpt"


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo train`."""
    run_hydra("train", train, resumed(arguments), check)


def resumed(arguments: Sequence[str]) -> list[str]:
    """Add overrides so that `resume=FILE` uses the checkpoint's configuration, except for the groups that are given."""
    path = override_value([a for a in arguments if not a.startswith("-")], "resume")
    if path is None:
        return list(arguments)
    register_checkpoint(path)
    named = {a.split("=")[0].lstrip("+") for a in arguments} | {
        "model" if a.startswith("experiment=") else "" for a in arguments
    }
    return [*arguments, *(f"{part}=from_checkpoint" for part in REMEMBERED if part not in named)]


def check(config: DictConfig) -> None:
    """Check the paths of a training run before anything is read.

    Raises:
        ConfigError: A folder or file does not exist.
    """
    check_root(config)
    check_weights(config)
    if config.resume is not None and not Path(config.resume).is_file():
        raise ConfigError(f"resume={config.resume}: there is no such file; check the path")


def train(config: DictConfig) -> float | None:
    """Train as configured, then evaluate the best checkpoint.

    Returns:
        The best value of the monitored metric, for sweepers; None if there was no validation.
    """
    record_run(config)
    begin = time.perf_counter()
    trainer, module, data = fit(config)
    record_training(time.perf_counter() - begin, sum(p.numel() for p in module.detector.parameters()))
    best = run_folder() / BEST
    if config.evaluate and best.is_file():
        metrics = evaluate(trainer, module, data, config, str(best))
        if trainer.is_global_zero:
            report(metrics, run_folder(), f"best checkpoint: {best}")
    return _best_score(trainer)


def fit(config: DictConfig) -> tuple[L.Trainer, ActionDetection, ClipDataModule]:
    """Build the data module, detector and Trainer, and train.

    Returns:
        The Trainer, the module with its last weights, and the data module.
    """
    L.seed_everything(config.seed, workers=True, verbose=False)
    data = build_datamodule(config)
    detector = build_detector(config)
    for file, loaded in chosen_weights(config).load(detector).items():
        log.info("%s: %s", file, loaded)
    module = build_module(config, detector, data)
    trainer = build_trainer(config, logger=build_loggers(config), callbacks=build_callbacks(config))
    trainer.fit(module, data, ckpt_path=config.resume, weights_only=True)
    return trainer, module, data


def _best_score(trainer: L.Trainer) -> float | None:
    score: Any = getattr(trainer.checkpoint_callback, "best_model_score", None)
    return None if score is None else float(score)
