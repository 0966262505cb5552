"""Builds what training and evaluation need beside the network: data module, metrics, LightningModule, Trainer."""

import inspect
from typing import Any

import lightning as L
import torch
from hydra.utils import get_class
from lightning.pytorch.callbacks import Callback, Checkpoint, LearningRateMonitor
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig, OmegaConf
from torchmetrics import MetricCollection

from yowo.config.build import build_context, build_eval_transform, image_size, make
from yowo.data.datamodule import ClipDataModule
from yowo.errors import ConfigError
from yowo.inference.feature_bank import SplitFeatures
from yowo.models.detector import Detector
from yowo.threads import chosen_by_user, usable_threads
from yowo.training.module import ActionDetection

ONE_FRAME = 1
"""Frames of a clip in a test with a context, whose 3D features come from other clips."""


def build_datamodule(config: DictConfig) -> ClipDataModule:
    """Build the data module of a configuration; no data are read yet.

    Every key of `dataset` that is an argument of its `_target_` is passed on. To add an option, add an argument there
    and a line in conf/data_module.yaml.

    Args:
        config: Configuration of a command.

    Returns:
        The data module.

    Raises:
        ConfigError: A value is invalid.
    """
    dataset = config.dataset
    try:
        kinds = get_class(str(dataset._target_)).__mro__  # a subclass may hand arguments on to its bases
    except (ImportError, ValueError) as error:
        raise ConfigError(f"dataset._target_={dataset._target_}: {error}") from error
    arguments = {name for kind in kinds for name in inspect.signature(kind).parameters}
    options = {str(key): value for key, value in dataset.items_ex(resolve=False) if key in arguments}
    data: ClipDataModule = make(
        OmegaConf.create({"_target_": dataset._target_, **options}, parent=config),
        data=make(dataset.source),
        train_transform=make(config.augment, image_size=image_size(config)),
        eval_transform=build_eval_transform(config),
        test_frames=config.metric.test_frames,
        test_clip_len=ONE_FRAME if config.get("context") else None,
        seed=config.get("seed", 0),
    )
    return data


def build_metric(config: DictConfig, stage: str) -> MetricCollection:
    """Build the metrics of a stage, "val" or "test"."""
    metrics = {name: make(node) for name, node in config.metric[stage].items() if node is not None}
    return MetricCollection(metrics, compute_groups=False)


def build_module(config: DictConfig, detector: Detector, data: ClipDataModule | None = None) -> ActionDetection:
    """Build the LightningModule of a detector, with metrics, optimizer and scheduler.

    Args:
        config: Configuration of `yowo train` or `yowo eval`.
        detector: Detector of `build_detector`.
        data: The data module, whose test split a context (LFB) reads clips from.

    Returns:
        The LightningModule.

    Raises:
        ConfigError: A value is invalid.
    """
    context = build_context(config)
    features = None
    if context is not None and data is not None:
        features = SplitFeatures(context, lambda: data.dataset("test").key_frames, data.eval_transform)
    return ActionDetection(
        detector=detector,
        metric=build_metric(config, "val"),
        test_metric=build_metric(config, "test"),
        optimizer=make(config.optimizer),
        scheduler=make(config.schedule.scheduler),
        scheduler_interval=config.schedule.interval,
        context=features,
    )


def build_trainer(config: DictConfig, **arguments: Any) -> L.Trainer:
    """Build the Trainer of a configuration, and set the number of threads of its computations on the CPU.

    Args:
        config: Configuration of a command. `threads`, if it has one, counts unless a variable such as OMP_NUM_THREADS
            is set; otherwise threads, data workers and the processes of the run share the cores.
        arguments: Further arguments of the Trainer, such as logger and callbacks.

    Returns:
        The Trainer.

    Raises:
        ConfigError: The settings are invalid on this machine, such as more GPUs than it has.
    """
    profiler = make(config.profiler) if config.get("profiler") else None
    trainer: L.Trainer = make(config.trainer, **arguments, profiler=profiler)
    if not chosen_by_user():
        usable = usable_threads(config.dataset.num_workers, trainer.num_devices)
        torch.set_num_threads(config.get("threads") or usable)
    return trainer


def build_callbacks(config: DictConfig) -> list[Callback]:
    """Build the callbacks, except those that are null, and those that have nothing to do.

    These are the ones that need a logger where there is none, and checkpoints of a run of a few batches.
    """
    callbacks = [make(node) for node in (config.get("callbacks") or {}).values() if node is not None]
    idle: tuple[type[Callback], ...] = () if config.get("logger") else (LearningRateMonitor,)
    if config.trainer.get("fast_dev_run"):
        idle = (*idle, Checkpoint)
    return [c for c in callbacks if not isinstance(c, idle)]


def build_loggers(config: DictConfig) -> list[Logger]:
    """Build the loggers of a configuration; there can be several or none."""
    return [make(node) for node in (config.get("logger") or {}).values() if node is not None]
