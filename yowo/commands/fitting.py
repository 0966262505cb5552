"""Trains as configured: builds what training needs, and goes on from the checkpoint `resume`."""

import logging
import shlex
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import Callback
from omegaconf import DictConfig
from torch import nn

from yowo.commands.interruption import saved_first
from yowo.commands.log_lines import is_first_process
from yowo.commands.records import run_facts, run_folder, typed_overrides
from yowo.commands.recovery import with_recoveries
from yowo.commands.run_logs import run_loggers
from yowo.commands.slurm import requeued
from yowo.commands.starting_weights import chosen_weights
from yowo.commands.trial import trial_callbacks
from yowo.config.build import build_detector, image_size
from yowo.config.build_training import build_callbacks, build_datamodule, build_module, build_trainer
from yowo.config.checkpoint import portable
from yowo.config.from_data import input_sentence
from yowo.config.logged_run import logged_configuration
from yowo.data.datamodule import ClipDataModule
from yowo.models.detector import Detector
from yowo.training.checkpointing.checkpoint_files import LAST
from yowo.training.checkpointing.checkpoints import LastCheckpoint, TrainingStopped
from yowo.training.checkpointing.remembered_run import RememberedRun
from yowo.training.checkpointing.resumed_optimizer import ResumedOptimizer
from yowo.training.cpu_budget import CPUBudget
from yowo.training.guarding.guards import NonFiniteGuard
from yowo.training.guarding.loader_watch import LoaderWatch
from yowo.training.guarding.processes import EndProcesses
from yowo.training.logs.run_configuration import RunConfiguration
from yowo.training.module import ActionDetection
from yowo.training.pruning import raise_if_pruned
from yowo.weights.registry import BACKBONE2D, DETECTOR

log = logging.getLogger(__name__)
Built = tuple[L.Trainer, ActionDetection, ClipDataModule]


def fit(config: DictConfig, processes: EndProcesses | None = None, before: Sequence[str] = ()) -> Built:
    """Build the data module, detector and Trainer, and train, from the checkpoint `resume` on if there is one.

    Args:
        config: Configuration of the command; with `on_nonfinite=recover` its `resume` changes when the run goes back.
        processes: The callback that ends the processes of the run together.
        before: What was typed for the run in earlier starts, which its checkpoints remember.

    Returns:
        The Trainer, the module with its last weights, and the data module.
    """
    together = processes or EndProcesses(run_folder())

    def attempt(config: DictConfig, rate: float, recoveries: int) -> Built:
        trainer, module, data = build(config, together, before, rate, recoveries)
        with _saving_first(cast(Any, trainer).callbacks):
            trainer.fit(module, data, ckpt_path=config.resume, weights_only=True)
        raise_if_pruned(trainer)
        return trainer, module, data

    return with_recoveries(attempt, config, run_folder())


def build(
    config: DictConfig, processes: EndProcesses, before: Sequence[str] = (), rate: float = 1.0, recoveries: int = 0
) -> Built:
    """Build the data module, the detector with its initial weights, and the Trainer.

    Args:
        config: Configuration of the command.
        processes: The callback that ends the processes of the run together.
        before: What was typed for the run in earlier starts, which its checkpoints remember.
        rate: Highest factor of the learning rate, lower after recoveries.
        recoveries: How often the run went back to a checkpoint.

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
        reports = chosen_weights(config).load(detector)
        for file, loaded in reports.items():
            log.info("%s: %s", file, loaded)
        if words := random_for_good(detector, [report.part for report in reports.values()]):
            log.warning(words)
    module = build_module(config, detector, data)
    run = {"config": portable(config), "overrides": typed_overrides(before)}
    loggers, places = run_loggers(config)
    guard = NonFiniteGuard(config.get("on_nonfinite", "stop"), run_folder(), rate, recoveries)
    watch = LoaderWatch(config.get("loader_timeout"), processes.processes)
    known = RunConfiguration(logged_configuration(config, run_facts()))
    remember = [known, RememberedRun(run), ResumedOptimizer(), places]
    budgets = [] if config.get("cpu_minutes") is None else [CPUBudget(float(config.cpu_minutes))]
    callbacks = [*build_callbacks(config), *budgets, *remember, *trial_callbacks(run_folder()), guard, watch, processes]
    return build_trainer(config, logger=loggers, callbacks=callbacks), module, data


def random_for_good(network: nn.Module, loaded: Sequence[str]) -> str:
    """Say which weights are random and would not be trained; nothing where there are none.

    Args:
        network: The network, before `freeze` is applied.
        loaded: The parts that a file was loaded into.
    """
    fixed = [name for name, weight in network.named_parameters() if not weight.requires_grad]
    if not fixed or {DETECTOR, BACKBONE2D} & set(loaded):
        return ""
    return (
        f"{fixed[0]} to {fixed[-1]}: random weights that are not trained, as this model expects a trained backbone; "
        "give weights.backbone2d=FILE, or train them with model.of_parts.untrained_stages=0"
    )


def how_to_go_on(reason: str | None = None) -> str:
    """Say how to go on with an interrupted training.

    Args:
        reason: The error of another process, if it has interrupted this one.
    """
    before, folder = f"{reason}; " if reason else "", run_folder()
    if (folder / LAST).is_file():
        return f"{before}go on with yowo train resume={shlex.quote(str(folder))}"
    return f"{before}there is no checkpoint in {folder} yet; run the command again"


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
