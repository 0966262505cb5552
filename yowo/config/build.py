"""Builds objects from a configuration, each by the `_target_` of its node: the network and what detection needs.

Lightning is not imported here, so that detection begins without it; see `yowo.config.build_training`.
"""

import inspect
from typing import Any, cast

from hydra.errors import HydraException
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from yowo.config.checkpoint import network_parts
from yowo.config.matching_parts import check_parts
from yowo.data.augment import EvalTransform
from yowo.errors import ConfigError, YowoError
from yowo.inference.exported.facts import read_facts
from yowo.inference.exported.opening import open_exported
from yowo.inference.feature_bank import LongTermContext
from yowo.models.detector import Detector

OF_OTHERS = ("name", "anchor_set", "released", "pixels", "image_size", "of_parts")
"""Keys of `model` that are not arguments of its `_target_`: other groups read them."""


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
    if config.get("exported") is not None:
        return build_exported(config)
    try:
        model = {k: v for k, v in config.model.items() if k not in OF_OTHERS}
    except OmegaConfBaseException as error:
        raise ConfigError(str(error).partition("\n")[0]) from error
    arguments: dict[str, Any] = {"num_classes": len(config.dataset.classes)}
    try:
        accepted = inspect.signature(get_object(str(model.get("_target_")))).parameters
    except (ImportError, ValueError, TypeError) as error:
        raise ConfigError(f"model._target_: {error}") from error
    laid_out = config.get("channels_last")
    if laid_out is not None:
        if "channels_last" not in accepted:
            raise ConfigError(f"channels_last: model={config.model.name} does not have this option; set it to null")
        model["channels_last"] = laid_out
    if "anchors" in accepted and "anchors" not in model:
        arguments["anchors"] = scaled_anchors(config)
    detector: Detector = make(OmegaConf.create(model, parent=config), **arguments)
    detector.recipe = network_parts(config)
    if laid_out is not None:
        detector.recipe["model"]["channels_last"] = laid_out
    detector.criterion = make(config.loss)
    detector.postprocess = make(config.postprocess)
    check_parts(detector, config.model.name)
    return detector


def build_exported(config: DictConfig) -> Detector:
    """Open the exported file of a configuration in the place of its network.

    Raises:
        ConfigError: The configuration asks for other clips or classes, or what runs the file is not installed.
        WeightsError: The file is damaged.
    """
    facts = read_facts(config.exported)
    asked = {"dataset.clip_len": int(config.dataset.clip_len), "classes": len(config.dataset.classes)}
    for (key, value), own in zip(asked.items(), (facts.clip_len, len(facts.classes)), strict=True):
        if value != own:
            raise ConfigError(f"{key}: model={config.exported} was exported for {own}, got {value}")
    network = open_exported(config.exported, facts)
    network.recipe = network_parts(config)
    network.criterion, network.postprocess = make(config.loss), make(config.postprocess)
    return cast(Detector, network)  # it has the members that detection and evaluation use


def build_eval_transform(config: DictConfig) -> EvalTransform:
    """Build the transform of evaluation and detection, which resizes and normalises."""
    return EvalTransform(image_size(config), list(config.dataset.mean), list(config.dataset.std))


def build_context(config: DictConfig) -> LongTermContext | None:
    """Build the source of 3D features around the key frame (LFB); None uses the clip that ends at the key frame."""
    context: LongTermContext | None = make(config.context) if config.get("context") else None
    return context


def make(node: DictConfig, **arguments: Any) -> Any:
    """Create the object that a node's `_target_` names.

    Args:
        node: The node, with the arguments of `_target_` as its other keys.
        arguments: Further arguments; they replace those of the node.

    Returns:
        The object.

    Raises:
        ConfigError: The object cannot be created. An error of this package in its constructor is raised unchanged.
    """
    try:
        return instantiate(node, **arguments, _convert_="all")
    except (HydraException, OmegaConfBaseException) as error:
        cause = error.__cause__
        while cause is not None:
            if isinstance(cause, YowoError):
                raise cause from error
            cause = cause.__cause__
        raise ConfigError(str(error)) from error
