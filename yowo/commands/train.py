"""`yowo train`: trains a detector, then evaluates its best checkpoint."""

import logging
import time
from typing import Any

import lightning as L
from omegaconf import DictConfig

from yowo.commands.eval import evaluate, report
from yowo.commands.interruption import if_interrupted
from yowo.commands.records import record_run, record_training, run_folder
from yowo.commands.run_folder import LAST
from yowo.commands.starting_weights import chosen_weights
from yowo.commands.trial import trial_callbacks
from yowo.config.build import build_detector, image_size
from yowo.config.build_training import build_callbacks, build_datamodule, build_loggers, build_module, build_trainer
from yowo.config.from_data import input_sentence
from yowo.data.datamodule import ClipDataModule
from yowo.models.detector import Detector
from yowo.training.callbacks import EndProcesses
from yowo.training.module import ActionDetection
from yowo.training.pruning import raise_if_pruned
from yowo.whole_file import disk_errors

log = logging.getLogger(__name__)
BEST = "best.ckpt"


@disk_errors()
def train(config: DictConfig) -> float | None:
    """Train as configured, then evaluate the best checkpoint.

    Returns:
        The best value of the monitored metric, for sweepers; None if there was no validation.
    """
    record_run(config)
    begin = time.perf_counter()
    with if_interrupted(how_to_go_on):
        trainer, module, data = fit(config)
    record_training(time.perf_counter() - begin, sum(p.numel() for p in module.detector.parameters()))
    best = run_folder() / BEST
    if config.evaluate and best.is_file():
        with if_interrupted(lambda: f"training is complete; evaluate it with yowo eval checkpoint={best}"):
            metrics = evaluate(trainer, module, data, config, str(best))
        if trainer.is_global_zero:
            report(metrics, run_folder(), f"best checkpoint: {best}")
    return _best_score(trainer)


def how_to_go_on() -> str:
    """Say how to go on with an interrupted training."""
    last = run_folder() / LAST
    if last.is_file():
        return f"go on with yowo train resume={last}"
    return f"there is no checkpoint in {run_folder()} yet; run the command again"


def fit(config: DictConfig) -> tuple[L.Trainer, ActionDetection, ClipDataModule]:
    """Build the data module, detector and Trainer, and train.

    Returns:
        The Trainer, the module with its last weights, and the data module.
    """
    L.seed_everything(config.seed, workers=True, verbose=False)
    if sentence := input_sentence(config):
        log.info(sentence)
    data = build_datamodule(config)
    detector = build_detector(config)
    log.info("%s", network_facts(config, detector))
    for file, loaded in chosen_weights(config).load(detector).items():
        log.info("%s: %s", file, loaded)
    module = build_module(config, detector, data)
    callbacks = [*build_callbacks(config), *trial_callbacks(run_folder()), EndProcesses()]
    trainer = build_trainer(config, logger=build_loggers(config), callbacks=callbacks)
    trainer.fit(module, data, ckpt_path=config.resume, weights_only=True)
    raise_if_pruned(trainer)
    return trainer, module, data


def network_facts(config: DictConfig, detector: Detector) -> str:
    """Return what is trained, on one line for the log."""
    height, width = image_size(config)
    parameters = sum(p.numel() for p in detector.parameters()) / 1e6
    data = config.dataset
    clips = f"clips of {data.clip_len} frames of {width} x {height} pixels, {data.batch_size} a batch"
    return f"{config.model.name} on {data.name}: {len(data.classes)} classes, {clips}, {parameters:.1f} M parameters"


def _best_score(trainer: L.Trainer) -> float | None:
    score: Any = getattr(trainer.checkpoint_callback, "best_model_score", None)
    return None if score is None else float(score)
