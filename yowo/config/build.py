"""Builds objects from a configuration; each is created once, by the `_target_` of its node."""

import inspect
from typing import Any

import lightning as L
from hydra.errors import HydraException
from hydra.utils import get_class, get_object, instantiate
from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig, OmegaConf
from torchmetrics import MetricCollection

from yowo.config.checkpoint import portable
from yowo.data.augment import EvalTransform
from yowo.data.datamodule import ClipDataModule
from yowo.errors import ConfigError
from yowo.inference.feature_bank import LongTermContext, SplitFeatures
from yowo.models.detector import Detector
from yowo.training.module import ActionDetection

ONE_FRAME = 1
"""Frames of a clip in a test with a context, whose 3D features come from other clips."""


def image_size(config: DictConfig) -> tuple[int, int]:
    """Return height and width of the network's input in pixels."""
    size = config.dataset.image_size
    return (int(size), int(size)) if isinstance(size, int) else (int(size[0]), int(size[1]))


def scaled_anchors(config: DictConfig) -> list[list[float]]:
    """Return the anchors of the data set, A pairs [width, height] in pixels of the network's input.

    They are scaled from the input size that they are given for (`dataset.anchors_at`) to the network's input size.
    """
    given = config.dataset.anchors_at
    given_height, given_width = (given, given) if isinstance(given, int) else given
    height, width = image_size(config)
    return [[w * width / given_width, h * height / given_height] for w, h in config.dataset.anchors]


def build_detector(config: DictConfig) -> Detector:
    """Build the network of a configuration with random weights, and its loss and post-processing.

    The data set's anchors are passed if the model's `_target_` has an argument `anchors` and the model's yaml does not
    set it.

    Args:
        config: Configuration of a command.

    Returns:
        The detector with `recipe`, `criterion` and `postprocess`.

    Raises:
        ConfigError: The parts do not match each other.
    """
    model = {k: v for k, v in config.model.items() if k not in ("name", "anchor_set", "released")}
    arguments: dict[str, Any] = {"num_classes": len(config.dataset.classes)}
    try:
        accepted = inspect.signature(get_object(model["_target_"])).parameters
    except (ImportError, ValueError) as error:
        raise ConfigError(f"model._target_: {error}") from error
    if "anchors" in accepted and "anchors" not in model:
        arguments["anchors"] = scaled_anchors(config)
    detector: Detector = make(OmegaConf.create(model, parent=config), **arguments)
    detector.recipe = portable(config)
    detector.criterion = make(config.loss)
    detector.postprocess = make(config.postprocess)
    return detector


def build_eval_transform(config: DictConfig) -> EvalTransform:
    """Build the transform of evaluation and detection, which resizes and normalises."""
    return EvalTransform(image_size(config), list(config.dataset.mean), list(config.dataset.std))


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
    kinds = get_class(dataset._target_).__mro__  # a subclass may hand arguments on to its bases
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


def build_context(config: DictConfig) -> LongTermContext | None:
    """Build the source of 3D features around the key frame (LFB); None uses the clip that ends at the key frame."""
    context: LongTermContext | None = make(config.context) if config.get("context") else None
    return context


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
    """Build the Trainer of a configuration.

    Args:
        config: Configuration of a command.
        arguments: Further arguments of the Trainer, such as logger and callbacks.

    Returns:
        The Trainer.

    Raises:
        ConfigError: The settings are invalid on this machine, such as more GPUs than it has.
    """
    trainer: L.Trainer = make(config.trainer, **arguments)
    return trainer


def build_callbacks(config: DictConfig) -> list[Callback]:
    """Build the callbacks, except those that are null and, without a logger, those that need one."""
    callbacks = [make(node) for node in config.callbacks.values() if node is not None]
    return [c for c in callbacks if config.logger or not isinstance(c, LearningRateMonitor)]


def build_loggers(config: DictConfig) -> list[Logger]:
    """Build the loggers of a configuration; there can be several or none."""
    return [make(node) for node in config.logger.values() if node is not None]


def make(node: DictConfig, **arguments: Any) -> Any:
    """Create the object that a node's `_target_` names.

    Args:
        node: The node, with the arguments of `_target_` as its other keys.
        arguments: Further arguments; they replace those of the node.

    Returns:
        The object.

    Raises:
        ConfigError: The object cannot be created; a ConfigError of its constructor is raised unchanged.
    """
    try:
        return instantiate(node, **arguments, _convert_="all")
    except HydraException as error:
        cause = error.__cause__
        while cause is not None:
            if isinstance(cause, ConfigError):
                raise cause from error
            cause = cause.__cause__
        raise ConfigError(str(error)) from error
