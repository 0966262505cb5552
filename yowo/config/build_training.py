"""Builds what training and evaluation need beside the network: data module, metrics, LightningModule, Trainer."""

import inspect
import warnings
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import lightning as L
import torch
from hydra.utils import get_class
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import Callback, Checkpoint, LearningRateMonitor
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig, OmegaConf
from torch import Tensor
from torchmetrics import MetricCollection

from yowo.config.build import build_context, build_eval_transform, image_size, make
from yowo.config.launchers import check_batch_norm, check_launcher
from yowo.config.logged_run import run_names
from yowo.contracts import RawOutput
from yowo.data.datamodule import ClipDataModule
from yowo.errors import ConfigError
from yowo.inference.feature_bank import SplitFeatures
from yowo.inference.split_states import SplitStates
from yowo.models.compiling import compile_network
from yowo.models.detector import Detector
from yowo.models.frame_steps import obstacle
from yowo.models.parts import freeze
from yowo.models.recomputing import recompute_segments
from yowo.threads import chosen_by_user, usable_threads
from yowo.training.checkpointing.checkpoint_files import WholeCheckpointIO
from yowo.training.module import ActionDetection
from yowo.training.parameter_groups import GroupedOptimizer, ParameterGroups

WANDB = "yowo.training.logs.loggers.wandb_logger"
TestOutput = Callable[[Any, list[int], Tensor], RawOutput]
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
        whole_videos=config.get("streaming") == "state",
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
    _apply_options(config, detector)
    return ActionDetection(
        detector=detector,
        metric=build_metric(config, "val"),
        test_metric=build_metric(config, "test"),
        optimizer=build_optimizer(config),
        scheduler=make(config.schedule.scheduler),
        scheduler_interval=config.schedule.interval,
        test_output=_test_output(config, detector, data),
    )


def _test_output(config: DictConfig, detector: Detector, data: ClipDataModule | None) -> TestOutput | None:
    """Return what computes the output of a test where it depends on more than the clips: LFB, or a carried state.

    Raises:
        ConfigError: The network cannot carry a state, or the test does not go frame by frame.
    """
    context, way = build_context(config), config.get("streaming", "clip")
    if way not in ("clip", "state"):
        raise ConfigError(f"streaming={way}: expected clip or state: a test computes clips, or carries a state on")
    if way == "state":
        if (reason := obstacle(detector, way)) is not None:
            raise ConfigError(f"streaming=state: {reason}; give streaming=clip")
        if context is not None or config.dataset.dilation != 1 or config.dataset.repeat_key_frame:
            raise ConfigError(
                "streaming=state: the state goes from frame to frame, which needs context=none, dataset.dilation=1 and "
                "dataset.repeat_key_frame=false; or give streaming=clip"
            )
        return None if data is None else SplitStates(lambda: data.dataset("test").key_frames)
    if context is None or data is None:
        return None
    return SplitFeatures(context, lambda: data.dataset("test").key_frames, data.eval_transform).output


def _apply_options(config: DictConfig, detector: Detector) -> None:
    """Freeze parts, recompute segments and compile as `yowo train` is told to; other commands have no such keys."""
    parts = config.get("freeze") or []
    freeze(detector, [parts] if isinstance(parts, str) else list(parts))
    if config.get("gradient_checkpointing") and config.get("compile"):
        raise ConfigError(
            "gradient_checkpointing: torch.compile cannot trace it, because batch norms must not count a batch twice; "
            "set compile=false or gradient_checkpointing=false"
        )
    if config.get("gradient_checkpointing"):
        recompute_segments(detector)
    if config.get("compile"):
        compile_network(detector, torch.device("cpu") if config.trainer.accelerator == "cpu" else None)


def build_optimizer(config: DictConfig) -> GroupedOptimizer:
    """Build what makes the optimizer of a network, from the node `optimizer`.

    Args:
        config: Configuration of a command. Of the node's keys, those of `ParameterGroups` sort the parameters, and all
            others are arguments of its `_target_`; `fused` is one only if it is not null.

    Raises:
        ConfigError: A value is invalid.
    """
    node = config.optimizer
    names = {item.name for item in fields(ParameterGroups)}
    chosen = {name: node[name] for name in names if node.get(name) is not None}
    if "lr_factors" in chosen:
        chosen["lr_factors"] = flat_names(OmegaConf.to_container(chosen["lr_factors"]))
    groups = ParameterGroups(**chosen)
    options = {k: v for k, v in node.items_ex(resolve=False) if k not in names and (k, v) != ("fused", None)}
    return GroupedOptimizer(make(OmegaConf.create({**options, "_partial_": True}, parent=config)), groups)


def flat_names(node: Any) -> dict[str, Any]:
    """Return the values of nested mappings by their names with dots between them.

    Examples:
        >>> flat_names({"backbone2d": 0.1, "backbone3d": {"layer1": 0.2}})
        {'backbone2d': 0.1, 'backbone3d.layer1': 0.2}
    """
    flat: dict[str, Any] = {}
    for name, value in node.items():
        inner = {f"{name}.{end}": leaf for end, leaf in flat_names(value).items()} if isinstance(value, dict) else {}
        flat |= inner or {str(name): value}
    return flat


def build_trainer(config: DictConfig, **arguments: Any) -> L.Trainer:
    """Build the Trainer of a configuration, and set the number of threads of its computations on the CPU.

    Args:
        config: Configuration of a command. `threads`, if it has one, counts unless a variable such as OMP_NUM_THREADS
            is set; otherwise threads, data workers and the processes of the run share the cores.
        arguments: Further arguments of the Trainer, such as logger and callbacks.

    Returns:
        The Trainer.

    Raises:
        ConfigError: The settings are invalid on this machine, such as more GPUs than it has, or do not fit the
            processes that were started.
    """
    check_launcher(config.trainer)
    profiler = make(config.profiler) if config.get("profiler") else None
    trainer = _make_trainer(config.trainer, **arguments, profiler=profiler)
    if str(config.trainer.get("precision")) in ("16-mixed", "16") and trainer.precision != "16-mixed":
        raise ConfigError(
            f"trainer.precision={config.trainer.precision}: float16 with scaled losses needs a GPU, and this run is on "
            "the CPU; use trainer.precision=bf16-mixed"
        )
    synchronised = bool(config.trainer.get("sync_batchnorm"))
    check_batch_norm(synchronised, trainer.strategy.root_device, trainer.world_size)
    if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
        trainer.strategy.checkpoint_io = WholeCheckpointIO()
    if not chosen_by_user():
        usable = usable_threads(config.dataset.num_workers, trainer.num_devices)
        torch.set_num_threads(config.get("threads") or usable)
    return trainer


def _make_trainer(node: DictConfig, **arguments: Any) -> L.Trainer:
    """Make the Trainer of a node; what Lightning says of devices becomes one line."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*AMP with fp16 is not supported on CPU")  # an error of ours
            trainer: L.Trainer = make(node, **arguments)
    except ConfigError as error:
        if error.__cause__ is None or error.__cause__.__cause__ is None:
            raise
        said = f"trainer.accelerator={node.get('accelerator')} trainer.devices={node.get('devices')}"
        raise ConfigError(f"{said}: {' '.join(str(error.__cause__.__cause__).split())}") from error
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
    """Build the loggers of a configuration; there can be several or none. That of W&B gets the names of the run."""
    nodes = [node for node in (config.get("logger") or {}).values() if node is not None]
    return [make(node, **_names(config, node)) for node in nodes]


def _names(config: DictConfig, node: DictConfig) -> dict[str, Any]:
    """Return the arguments of the W&B logger that the configuration leaves open; nothing for another logger."""
    if node.get("_target_") != WANDB:
        return {}
    names = run_names(config)
    return {
        "name": node.get("name") or names.name,
        "group": node.get("group") or names.group,
        "tags": [*names.tags, *(node.get("tags") or [])],
    }
