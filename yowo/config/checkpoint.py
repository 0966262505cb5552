"""The configuration stored in a checkpoint, registered with Hydra as the choice `from_checkpoint` of each group.

A checkpoint holds the groups that make a network and its data under `config`, for every command, and the whole training
run under `run`, for `yowo train resume=` (see `yowo.config.remembered_run`).
"""

from collections.abc import Mapping
from typing import Any

import yaml
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from yowo.config.conf_files import conf_dir
from yowo.errors import WeightsError
from yowo.weights.stored_entry import read_entry

REMEMBERED = (
    "backbone2d",
    "backbone3d",
    "fusion",
    "assigner",
    "box_loss",
    "class_loss",
    "loss",
    "augment",
    "optimizer",
    "schedule",
    "postprocess",
    "metric",
    "linker",
    "decoder",
    "model",
    "dataset",
)
"""The groups that make a network and its data, as in conf/parts.yaml."""
REST = "recipe"
"""The group whose choice `from_checkpoint` brings what is in no group, such as the seed; its files are global."""
PARTS = (*REMEMBERED, "context", "trainer", "logger", "callbacks", REST)
"""The groups that together are a whole training run."""
GLOBAL = ("model", "dataset")
"""Groups whose files have `# @package _global_`, because they override other groups."""
OF_ONE_START = ("resume", "hydra")
"""Keys that say how a run is started, not what it is."""
CHECKPOINT_KEY = "yowo"
"""Key of a checkpoint under which the configuration is stored."""
FROM_CHECKPOINT = "from_checkpoint"
"""Name of the choice of each group that a checkpoint brings."""
POSTPROCESS = "yowo.models.postprocess.PostProcess"
SHOWN: dict[str, dict[str, Any]] = {
    POSTPROCESS: {"top_k": None, "class_agnostic_nms": True},
    "yowo.models.postprocess.ConfidenceOrder": {"every_class": False},
    "yowo.models.sigmoid_scores.SigmoidScores": {"top_k": None, "class_agnostic_nms": True},
    "yowo.models.level_scores.LevelScores": {"top_k": None, "class_agnostic_nms": True},
    "yowo.models.pair_scores.PairScores": {"class_agnostic_nms": True},
}
"""By `_target_` of a rule for detections, what differs where detections are shown."""
OLD_LIMITS = {"top_k": 40, "max_detections": None, "max_boxes": 50}
"""Limits of earlier versions, which did not tell data sets apart."""
MOVED = {
    "yowo.data.ucf24.": "yowo.datasets.ucf24.",
    "yowo.data.ava.": "yowo.datasets.ava.",
    "yowo.data.jhmdb21.": "yowo.datasets.jhmdb21.",
    "yowo.data.motion.": "yowo.datasets.motion.",
    "yowo.data.custom.": "yowo.datasets.custom.",
}
"""Old prefixes of `_target_` in checkpoints of earlier versions, and the new ones."""


def portable(config: DictConfig) -> dict[str, Any]:
    """Return a configuration as plain containers with unresolved interpolations, less how the run was started."""
    plain = OmegaConf.to_container(config, resolve=False)
    return {str(k): v for k, v in plain.items() if k not in OF_ONE_START} if isinstance(plain, dict) else {}


def network_parts(config: DictConfig) -> dict[str, Any]:
    """Return the groups that make a network and its data, in the form of `portable`."""
    return {group: node for group, node in portable(config).items() if group in REMEMBERED}


def register_checkpoint(path: str | None, command: str | None = None) -> None:
    """Register the configuration in a checkpoint as the choice `from_checkpoint` of every group.

    Args:
        path: The checkpoint; None registers empty groups, so that help can be shown.
        command: See `register_parts`.

    Raises:
        WeightsError: The file cannot be read, or contains no configuration of `yowo train`.
    """
    remembered: Mapping[str, Any] = {group: {} for group in REMEMBERED}
    if path is not None:
        config = stored_config(path)
        if config is None or not {"model", "dataset", "loss"} <= set(config):
            raise WeightsError(
                f"{path}: expected a checkpoint of `yowo train`, got weights without a configuration; use the file "
                "with weights=FILE instead"
            )
        remembered = up_to_date(config)
    register_parts(remembered, command)


def stored_config(path: str) -> Mapping[str, Any] | None:
    """Return the configuration in a weights file; None if it has none, as files of other programs.

    Raises:
        WeightsError: The file cannot be read.
    """
    return _stored(path, "config")


def stored_run(path: str) -> Mapping[str, Any] | None:
    """Return what a checkpoint remembers of its training run; None for a checkpoint of an earlier version.

    Returns:
        `config`, the whole configuration in the form of `portable`, and `overrides`, a list of what was typed.

    Raises:
        WeightsError: The file cannot be read.
    """
    run = _stored(path, "run")
    if run is None:
        return None
    return {**run, "config": up_to_date(run["config"])}


def _stored(path: str, key: str) -> Mapping[str, Any] | None:
    found = read_entry(path, CHECKPOINT_KEY, key)
    return found if isinstance(found, Mapping) else None


def stored_places(path: str) -> Mapping[str, Any] | None:
    """Return how far a run's logs were when its checkpoint was written; None if it does not tell.

    Raises:
        WeightsError: The file cannot be read.
    """
    return _stored(path, "logs")


def register_parts(remembered: Mapping[str, Any], command: str | None = None) -> None:
    """Register each group, a plain container, as its choice `from_checkpoint`.

    Args:
        remembered: The groups by name; what is none of `PARTS` is registered as a choice of the group `REST`.
        command: The command that will use them; "detect" gets the rule for showing detections (`shown_rule`) in the
            place of the evaluation's.
    """
    if command == "detect":
        remembered = {**remembered, "postprocess": shown_rule(remembered["postprocess"])}
    store = ConfigStore.instance()
    for group in PARTS:
        node = remembered.get(group) or {}  # a group of which nothing is chosen is null or empty
        if group == REST:
            rest = {key: value for key, value in remembered.items() if key not in PARTS}
            store.store(group=group, name=FROM_CHECKPOINT, node=rest, package="_global_")
        elif group in GLOBAL:
            store.store(group=group, name=FROM_CHECKPOINT, node={group: node}, package="_global_")
        else:
            store.store(group=group, name=FROM_CHECKPOINT, node=node)


def shown_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Return the node of a rule for detections as it is best for showing them, not for a published protocol.

    Args:
        rule: The node `postprocess` of a checkpoint; rules of other classes than ours are not changed.

    Returns:
        The node without a limit before suppression, and with one box and one class for each person who does one thing
        at a time.
    """
    return {**rule, **SHOWN.get(str(rule.get("_target_")), {})}


def up_to_date(config: Mapping[str, Any]) -> dict[str, Any]:
    """Convert a stored configuration of an earlier version to this version.

    Modules that have moved get their new names, and keys that did not exist get their default values.

    Args:
        config: The groups by name, as plain containers.

    Returns:
        The groups of this version.
    """
    usual = {"decoder": yaml.safe_load((conf_dir() / "decoder" / "decord.yaml").read_text(encoding="utf-8"))}
    groups: dict[str, Any] = _renamed({**usual, **config})
    rates = yaml.safe_load((conf_dir() / "parameter_groups.yaml").read_text(encoding="utf-8"))
    groups |= {"optimizer": {**rates, **groups.get("optimizer", {})}}
    shared = yaml.safe_load((conf_dir() / "data_module.yaml").read_text(encoding="utf-8"))
    if "top_k" not in groups["dataset"]:
        shared |= {} if groups["dataset"].get("from_data") else OLD_LIMITS
        groups |= {"postprocess": _with_limits(groups.get("postprocess", {}))}
    return {**groups, "dataset": {**shared, **groups["dataset"]}}


def _with_limits(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an earlier version's rule for detections with the keys of this one; its limit was every data set's."""
    if rule.get("_target_") != POSTPROCESS:
        return rule
    default = yaml.safe_load((conf_dir() / "postprocess" / "default.yaml").read_text(encoding="utf-8"))
    own = {key: value for key, value in rule.items() if (key, value) not in OLD_LIMITS.items()}
    return {**default, **own}


def _renamed(node: Any) -> Any:
    """Replace moved modules in every `_target_` of nested containers."""
    if isinstance(node, Mapping):
        return {key: _moved(value) if key == "_target_" else _renamed(value) for key, value in node.items()}
    return [_renamed(value) for value in node] if isinstance(node, list) else node


def _moved(target: str | None) -> str | None:
    for old, new in MOVED.items():
        if target is not None and target.startswith(old):
            return new + target.removeprefix(old)
    return target
