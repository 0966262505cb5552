"""`yowo train`: trains a detector, then evaluates its best checkpoint."""

import logging
import shlex
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import Callback
from omegaconf import DictConfig

from yowo.commands.eval import evaluate, report
from yowo.commands.interruption import if_interrupted, saved_first
from yowo.commands.log_lines import is_first_process
from yowo.commands.records import (
    is_trained,
    planned,
    record_result,
    record_run,
    record_training,
    run_folder,
    typed_overrides,
)
from yowo.commands.resuming import goes_on
from yowo.commands.run_folder import read_record
from yowo.commands.run_logs import run_loggers
from yowo.commands.slurm import requeued
from yowo.commands.starting_weights import chosen_weights
from yowo.config.build import build_detector, image_size
from yowo.config.build_training import build_callbacks, build_datamodule, build_module, build_trainer
from yowo.config.checkpoint import portable
from yowo.config.from_data import input_sentence
from yowo.data.datamodule import ClipDataModule
from yowo.models.detector import Detector
from yowo.training.callbacks import EndProcesses
from yowo.training.checkpoint_files import LAST
from yowo.training.checkpoints import LastCheckpoint, TrainingStopped
from yowo.training.module import ActionDetection
from yowo.training.remembered_run import RememberedRun
from yowo.training.resumed_optimizer import ResumedOptimizer
from yowo.whole_file import disk_errors

log = logging.getLogger(__name__)
BEST = "best.ckpt"


@disk_errors()
def train(config: DictConfig, before: Sequence[str] = ()) -> float | None:
    """Train as configured, then evaluate the best checkpoint; a run that goes on does what is left to do.

    Args:
        config: Configuration of the command.
        before: What was typed for the run in earlier starts.

    Returns:
        The best value of the monitored metric, for sweepers; None if there was no validation.
    """
    goes_on(config, run_folder())
    record = read_record(run_folder())
    trained = is_trained(record, config)
    if trained and (record.get("evaluated") or not config.evaluate):
        log.info(
            "%s: the run is complete (%s epochs), nothing is left to do; to train longer, give trainer.max_epochs=N",
            run_folder(),
            config.trainer.max_epochs,
        )
        return cast(float | None, record.get("score"))
    record_run(config, before)
    begin = time.perf_counter()
    with if_interrupted(how_to_go_on):
        trainer, module, data = built(config, before) if trained else fit(config, before)
    score: float | None = record.get("score") if trained else _best_score(trainer)
    if trained:
        log.info("training is complete; what is left is the evaluation")
    else:
        parameters = sum(p.numel() for p in module.detector.parameters())
        record_training(time.perf_counter() - begin, parameters, planned(config))
        record_result(score, False)
    best = run_folder() / BEST
    if config.evaluate and best.is_file():
        with if_interrupted(lambda: f"training is complete; evaluate it with yowo train resume={run_folder()}"):
            metrics = evaluate(trainer, module, data, config, str(best))
        if trainer.is_global_zero:
            report(metrics, run_folder(), f"best checkpoint: {best}")
    record_result(score, bool(config.evaluate))
    return score


def how_to_go_on() -> str:
    """Say how to go on with an interrupted training."""
    folder = run_folder()
    if (folder / LAST).is_file():
        return f"go on with yowo train resume={shlex.quote(str(folder))}"
    return f"there is no checkpoint in {folder} yet; run the command again"


def built(config: DictConfig, before: Sequence[str] = ()) -> tuple[L.Trainer, ActionDetection, ClipDataModule]:
    """Build the data module, the detector with its initial weights, and the Trainer.

    Args:
        config: Configuration of the command.
        before: What was typed for the run in earlier starts, which its checkpoints remember.

    Returns:
        The Trainer, the module and the data module.
    """
    L.seed_everything(config.seed, workers=True, verbose=False)
    if sentence := input_sentence(config):
        log.info(sentence)
    data = build_datamodule(config)
    detector = build_detector(config)
    log.info("%s", network_facts(config, detector))
    if config.resume is None:
        for file, loaded in chosen_weights(config).load(detector).items():
            log.info("%s: %s", file, loaded)
    module = build_module(config, detector, data)
    run = {"config": portable(config), "overrides": typed_overrides(before)}
    loggers, places = run_loggers(config)
    callbacks = [*build_callbacks(config), RememberedRun(run), ResumedOptimizer(), places, EndProcesses()]
    return build_trainer(config, logger=loggers, callbacks=callbacks), module, data


def fit(config: DictConfig, before: Sequence[str] = ()) -> tuple[L.Trainer, ActionDetection, ClipDataModule]:
    """Build the data module, detector and Trainer, and train, from the checkpoint `resume` on if there is one.

    Args:
        config: Configuration of the command.
        before: See `built`.

    Returns:
        The Trainer, the module with its last weights, and the data module.
    """
    trainer, module, data = built(config, before)
    with _saving_first(cast(Any, trainer).callbacks):
        trainer.fit(module, data, ckpt_path=config.resume, weights_only=True)
    return trainer, module, data


@contextmanager
def _saving_first(callbacks: list[Callback]) -> Iterator[None]:
    """Let a signal wait for the training's last checkpoint, and queue the job again after SLURM's warning."""
    last = next((callback for callback in callbacks if isinstance(callback, LastCheckpoint)), None)
    if last is None:
        yield
        return
    with saved_first(last.ask, how_to_go_on):
        try:
            yield
        except TrainingStopped as stop:
            if stop.signal == getattr(signal, "SIGUSR1", None) and is_first_process():
                log.info("%s", requeued() or "saved for SIGUSR1; outside SLURM nobody starts the run again")
            raise


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
