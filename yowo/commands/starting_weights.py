"""Checks and loads `weights=FILE` and `weights.*=...` of train, eval and detect, with one log line per file."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from yowo.commands.command_line import read_command_line
from yowo.config.checkpoint import REMEMBERED, network_parts, register_checkpoint, register_parts, stored_config
from yowo.config.compose import compose_config, override_value
from yowo.config.exported import register_exported
from yowo.errors import ConfigError, WeightsError

if TYPE_CHECKING:  # what reads weights imports torch; options are checked without it
    from yowo.models.detector import Detector
    from yowo.weights.starting import StartingWeights

log = logging.getLogger(__name__)


def chosen_weights(config: DictConfig) -> "StartingWeights":
    """Return the initial weights of a configuration, from its node `weights`."""
    from yowo.weights.starting import StartingWeights

    node = config.weights
    return StartingWeights(node.file, node.backbone2d, node.backbone3d, bool(node.strict), bool(node.reset_head))


def check_weights(config: DictConfig) -> None:
    """Check that the files of `weights` exist.

    Raises:
        ConfigError: A file does not exist.
    """
    for key, file in chosen_weights_files(config).items():
        if not Path(file).is_file():
            raise ConfigError(f"{key}={file}: there is no such file; check the path")


def chosen_weights_files(config: DictConfig) -> dict[str, str]:
    """Return the files of `weights` by their keys."""
    node = config.weights
    named = {"weights": node.file, "weights.backbone2d": node.backbone2d, "weights.backbone3d": node.backbone3d}
    return {key: str(file) for key, file in named.items() if file is not None}


def check_network(config: DictConfig, command: str) -> None:
    """Check that eval or detect has either a checkpoint or a weights file.

    Args:
        config: Configuration of the command.
        command: "eval" or "detect", for the error message.

    Raises:
        ConfigError: Neither `checkpoint` nor `weights` nor an exported file is given, or several are.
    """
    check_weights(config)
    if config.get("exported") is not None:
        if config.checkpoint is not None or chosen_weights_files(config):
            raise ConfigError(
                f"model={config.exported}: the weights are in this file; give no checkpoint and no weights"
            )
        if config.get("context"):
            raise ConfigError(
                "context=lfb needs the network's 3D backbone alone, which no exported file gives; use checkpoint=FILE"
            )
        return
    if config.checkpoint is None and config.weights.file is None:
        raise ConfigError(
            f"checkpoint is required, as in yowo {command} checkpoint=runs/train/.../best.ckpt; or weights=FILE for a "
            "released file"
        )
    if config.checkpoint is not None and config.weights.file is not None:
        raise ConfigError(
            f"checkpoint={config.checkpoint} and weights={config.weights.file}: give only one of them; the network is "
            "either that of the checkpoint or that of the weights file"
        )


def remember_network(command: str, arguments: Sequence[str]) -> list[str]:
    """Register the configuration of `checkpoint=FILE`, `exported=FILE` or the network of `weights=FILE` with Hydra.

    Args:
        command: "eval", "detect" or "export".
        arguments: Arguments after the verb.

    Returns:
        The arguments for Hydra.

    Raises:
        ConfigError: Neither a checkpoint nor a weights file nor an exported file is given.
        WeightsError: The file cannot be read, or its network is not recognised.
    """
    line = read_command_line(command, arguments)
    arguments, overrides = line.words(), line.overrides
    exported = override_value(overrides, "exported")
    if exported is not None:
        register_exported(exported, overrides, command)
        return arguments
    checkpoint, file = override_value(overrides, "checkpoint"), override_value(overrides, "weights.file")
    if checkpoint is not None or (file is None and line.shows):
        register_checkpoint(checkpoint, command)
        return arguments
    if file is None:
        raise ConfigError(
            f"checkpoint is required, as in yowo {command} checkpoint=runs/train/.../best.ckpt; or weights=FILE for a "
            "released file"
        )
    if stored_config(file) is not None:
        register_checkpoint(file, command)
        return arguments
    groups = [a for a in overrides if a.partition("=")[0] in (*REMEMBERED, "experiment")]
    setup = [*_setup(command, file, groups), *groups]
    register_parts(network_parts(compose_config("train", setup, line.folders)), command)
    return [a for a in arguments if not a.startswith("experiment=")]


def _setup(command: str, file: str, groups: Sequence[str]) -> list[str]:
    """Return `model=`, `dataset=` and the parts of a weights file's network, unless they are among the overrides."""
    typed = {group.partition("=")[0] for group in groups}
    if "experiment" in typed or typed >= {"model", "dataset"}:
        return []
    from yowo.weights.opening import open_weights
    from yowo.weights.recognise import likely_parts, likely_setup
    from yowo.weights.registry import DETECTOR

    weights = open_weights(file)
    if weights.kind.part != DETECTOR:
        raise WeightsError(
            f"weights={file}: expected a whole detector, got {weights.kind.words}; to train one from it, use yowo "
            f"train weights.{weights.kind.part}={file}"
        )
    found = dict(zip(("model", "dataset"), likely_setup(weights), strict=True))
    unknown = [name for name, value in found.items() if value is None and name not in typed]
    if unknown:
        raise WeightsError(
            f"weights={file}: its {' and '.join(unknown)} cannot be recognised; give it, as in model=yowo_plus "
            "dataset=ucf24"
        )
    parts = [] if "model" in typed else likely_parts(weights, found["model"])
    named = [f"{name}={value}" for name, value in found.items() if name not in typed]
    return [*named, *(part for part in parts if part.partition("=")[0] not in typed)]


def load_network(detector: "Detector", config: DictConfig) -> None:
    """Load `checkpoint` and `weights` into the network of eval or detect.

    Raises:
        WeightsError: A file cannot be read or does not match, or a part of the network would keep random values.
    """
    if config.get("exported") is not None:
        log.info("%s: %s", config.exported, detector)
        return
    from yowo.weights.loading import load_weights
    from yowo.weights.starting import is_whole

    reports = {} if config.checkpoint is None else {config.checkpoint: load_weights(detector, config.checkpoint)}
    chosen = chosen_weights(config)
    reports |= chosen.load(detector)
    for file, report in reports.items():
        log.info("%s: %s", file, report)
    if is_whole(list(reports.values())):
        return
    words = f"{', '.join(reports)}: a part of the network keeps its random values, so its detections are meaningless"
    if chosen.strict:
        raise WeightsError(f"{words}; give the file of a whole detector, or set weights.strict=false to continue")
    log.warning(words)
