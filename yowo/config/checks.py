"""Checks the values of a configuration before anything is built or read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from yowo.config.conf_files import choices
from yowo.config.path_values import typed_in_a_shell
from yowo.contracts import STRIDE
from yowo.data.clips import MIN_CLIP_LEN
from yowo.errors import ConfigError

Check = Callable[[Any], bool]


def _whole(low: int) -> Check:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= low


def _number(low: float, high: float = float("inf"), above: bool = False) -> Check:
    return lambda v: (
        isinstance(v, (int, float)) and not isinstance(v, bool) and low <= v <= high and v != (low if above else None)
    )


def _pairs(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(p, list) and len(p) == 2 and all(_number(0, above=True)(x) for x in p) for p in value)
    )


def _sides(value: Any) -> bool:
    sides = value if isinstance(value, list) else [value, value]
    return len(sides) == 2 and all(_whole(STRIDE)(s) and s % STRIDE == 0 for s in sides)


def _steps(value: Any) -> bool:
    steps = value if isinstance(value, list) else [value]
    return len(steps) > 0 and all(_whole(1)(s) for s in steps)


def _names(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(isinstance(name, str) for name in value)


def _switch(value: Any) -> bool:
    return isinstance(value, bool)


def _parts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(name, str) for name in value))


def _three(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(_number(float("-inf"))(v) for v in value)


def _path(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _or_null(check: Check) -> Check:
    return lambda v: v is None or check(v)


def _part(above: bool = False) -> Check:
    """Check how many batches are used: all of them (null), a number of them, or a share from 0 to 1."""
    whole, share = _whole(1 if above else 0), _number(0, 1, above)
    return lambda v: v is None or (share(v) if isinstance(v, float) else whole(v))


def _devices(value: Any) -> bool:
    if isinstance(value, list):
        return len(value) > 0 and all(_whole(0)(index) for index in value)
    return value == -1 or (isinstance(value, str) and value != "") or _whole(1)(value)


_PART = "a whole number of batches, or a share from 0.0 to 1.0, or null for all"
_SHARE = (_number(0, 1), "a number from 0 to 1")
_COUNT = (_whole(1), "a whole number of at least 1")
_LIMIT = (lambda v: v is None or _whole(1)(v), "a whole number of at least 1, or null")

NEEDED = ("augment", "dataset", "decoder", "loss", "metric", "model", "optimizer", "postprocess", "schedule")
"""Groups of which every command needs a choice."""

PRECISIONS = ("32-true", "bf16-mixed", "16-mixed", "64-true", "32", "bf16", "16", "64")
"""Of the Trainer's, those in which weights, losses and boxes have at least 32 bits."""

# key, check, description of the valid values; keys that a configuration does not have are not checked
CHECKS: tuple[tuple[str, Check, str], ...] = (
    ("dataset.clip_len", _whole(MIN_CLIP_LEN), f"a whole number of at least {MIN_CLIP_LEN}"),
    ("dataset.classes", _or_null(_names), "a list of names"),
    ("dataset.exclusive_classes", _or_null(_whole(0)), "a whole number of at least 0, or null"),
    ("dataset.image_size", _sides, f"a multiple of {STRIDE} or a pair [height, width] of them"),
    ("dataset.anchors", _pairs, "pairs [width, height] of positive pixels"),
    ("dataset.dilation", *_COUNT),
    ("dataset.train_dilation", _steps, "a whole number of at least 1, or a list of them"),
    ("dataset.mean", _three, "three numbers"),
    ("dataset.std", _three, "three numbers"),
    ("dataset.batch_size", *_COUNT),
    ("dataset.num_workers", _whole(0), "a whole number of at least 0"),
    ("dataset.key_frame_stride", *_COUNT),
    ("dataset.balanced", lambda v: isinstance(v, bool) or _number(0, 1)(v), "true, false, or a number from 0 to 1"),
    ("dataset.num_train", *_COUNT),
    ("dataset.num_val", *_COUNT),
    ("dataset.multi_label", lambda v: isinstance(v, bool), "true or false"),
    ("dataset.overfit_clips", _or_null(_whole(1)), "a whole number of at least 1, or null"),
    ("dataset.on_unreadable", lambda v: v in ("error", "skip"), "error or skip"),
    ("dataset.score_threshold", *_SHARE),
    ("dataset.show_threshold", *_SHARE),
    ("dataset.top_k", *_LIMIT),
    ("dataset.max_detections", *_LIMIT),
    ("dataset.max_boxes", *_LIMIT),
    ("assigner.max_boxes", *_LIMIT),
    ("postprocess.nms_threshold", lambda v: v is None or _number(0, 1)(v), "a number from 0 to 1, or null"),
    ("postprocess.score_threshold", *_SHARE),
    ("assigner.mask", lambda v: v in ("paper", "released"), "paper or released"),
    (
        "model.fusion_norm_eps",
        lambda v: v in ("paper", "released") or _number(0, above=True)(v),
        "paper, released or a number above 0",
    ),
    ("assigner.iou_threshold", *_SHARE),
    ("assigner.ignore_threshold", lambda v: v is None or _number(0, 1)(v), "a number from 0 to 1, or null"),
    ("box_loss.beta", _number(0, above=True), "a number above 0"),
    ("loss.goal", lambda v: v in ("giou", "iou"), "giou or iou"),
    ("loss.early_samples", _whole(0), "a whole number of at least 0"),
    ("postprocess.top_k", *_LIMIT),
    ("postprocess.max_detections", *_LIMIT),
    ("postprocess.class_agnostic_nms", lambda v: isinstance(v, bool), "true or false"),
    ("score_threshold", *_SHARE),
    ("calibration_clips", *_COUNT),
    ("eval_clips", *_LIMIT),
    ("nms", _switch, "true or false"),
    ("batch_size", *_COUNT),
    ("optimizer.fused", _or_null(_switch), "true, false or null"),
    (
        "optimizer.lr_factors",
        _or_null(lambda v: isinstance(v, dict)),
        "names of parts with factors, as {backbone2d: 0.1}",
    ),
    ("optimizer.layer_decay", _number(0, 1, above=True), "a number above 0 and at most 1"),
    ("optimizer.no_decay_norms", _switch, "true or false"),
    ("optimizer.decay_gamma", _switch, "true or false"),
    ("freeze", _or_null(_parts), "a list of names of parts, as [backbone3d]"),
    ("compile", _switch, "true or false"),
    ("channels_last", _or_null(_switch), "true, false or null"),
    ("gradient_checkpointing", _switch, "true or false"),
    ("augment.jitter", _number(0, 0.49), "a number from 0 to 0.49"),
    ("augment.flip", *_SHARE),
    ("augment.hue", _number(0, 0.5), "a number from 0 to 0.5"),
    ("augment.saturation", _number(1), "a number of at least 1"),
    ("augment.exposure", _number(1), "a number of at least 1"),
    ("optimizer.lr", _number(0, above=True), "a number above 0"),
    ("optimizer.weight_decay", _number(0), "a number of at least 0"),
    ("schedule.epochs", *_COUNT),
    ("schedule.warmup_batches", _whole(0), "a whole number of at least 0"),
    ("schedule.warmup_steps", _whole(0), "a whole number of at least 0"),
    ("schedule.accumulation", lambda v: v in ("whole", "released", "carried"), "whole, released or carried"),
    ("dataset.drop_last", _switch, "true or false"),
    ("trainer.devices", _devices, "auto, a number of at least 1, -1 for all, or a list of indices"),
    ("trainer.accelerator", lambda v: isinstance(v, str), "auto, cpu, gpu, mps or tpu"),
    ("trainer.num_nodes", *_COUNT),
    ("trainer.limit_train_batches", _part(above=True), f"{_PART}; 0 would train on nothing"),
    ("trainer.limit_val_batches", _part(), _PART),
    ("trainer.overfit_batches", _part(), _PART),
    ("trainer.fast_dev_run", lambda v: isinstance(v, bool) or _whole(1)(v), "true, false, or a number of batches"),
    ("trainer.val_check_interval", _part(above=True), _PART),
    ("trainer.check_val_every_n_epoch", _or_null(_whole(1)), "a whole number of at least 1, or null"),
    ("trainer.log_every_n_steps", _whole(0), "a whole number of at least 0"),
    ("trainer.num_sanity_val_steps", _whole(-1), "a whole number of at least -1"),
    ("trainer.precision", lambda v: v is None or str(v) in PRECISIONS, "32-true, bf16-mixed, 16-mixed or 64-true"),
    ("trainer.gradient_clip_algorithm", lambda v: v in ("norm", "value"), "norm or value"),
    ("trainer.gradient_clip_val", _or_null(_number(0)), "a number of at least 0, or null"),
    ("trainer.sync_batchnorm", lambda v: isinstance(v, bool), "true or false"),
    ("evaluate", lambda v: isinstance(v, bool), "true or false"),
    ("on_nonfinite", lambda v: v in ("stop", "skip", "recover"), "stop, skip or recover"),
    ("loader_timeout", _or_null(_number(0)), "a number of seconds of at least 0, or null"),
    *((key, _path, "a file, or null") for key in ("checkpoint", "resume", "report")),
    ("output", lambda v: _path(v) or _names(v), "a file, a list of files, or null"),
    ("save", lambda v: v is None or v is False or _parts(v), "false, or a list of kinds, as [video, npz]"),
    ("show", _switch, "true or false"),
    ("stride", *_COUNT),
    ("streaming", lambda v: v in ("auto", "exact", "state", "clip"), "auto, exact, state or clip"),
    ("latency", lambda v: v in ("low", "none"), "low or none"),
    ("dataset.root", lambda v: v == "???" or isinstance(v, str), "a folder"),
    ("device", lambda v: isinstance(v, str), "auto, cpu, cuda, cuda:N or mps"),
    ("trainer.max_steps", _whole(-1), "a whole number of at least -1"),
    ("trainer.max_epochs", lambda v: v is None or _whole(-1)(v), "a whole number of at least -1"),
    ("trainer.accumulate_grad_batches", *_COUNT),
    ("context.clip_len", *_COUNT),
    ("context.num_clips", *_COUNT),
    *((f"weights.{k}", _path, "a file, or null") for k in ("file", "backbone2d", "backbone3d")),
    *((f"weights.{k}", lambda v: isinstance(v, bool), "true or false") for k in ("strict", "reset_head")),
    ("seed", _whole(0), "a whole number of at least 0"),
    ("checkpoint_minutes", _or_null(_number(0)), "a number of minutes of at least 0, or null"),
    ("keep_last", *_COUNT),
    ("threads", lambda v: v is None or _whole(1)(v), "a whole number of at least 1, or null"),
    ("cpu_minutes", _or_null(_number(0, above=True)), "a number of minutes above 0, or null"),
    ("time_detection", _or_null(_number(0, above=True)), "a number of seconds above 0, or null"),
    ("seconds", lambda v: v is None or _number(0, above=True)(v), "a number of seconds above 0, or null"),
)


def check(config: DictConfig) -> None:
    """Check a composed configuration.

    Args:
        config: Configuration of a command, or a part of one.

    Raises:
        ConfigError: A value is invalid; the message names the key, the expected and the given value.
    """
    _check_recipe(config)
    for key, accepts, words in CHECKS:
        try:
            value = OmegaConf.select(config, key, default=_ABSENT)
        except OmegaConfBaseException as error:
            raise ConfigError(f"{key}: {error}") from error
        plain = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
        if value is not _ABSENT and not accepts(plain):
            raise ConfigError(f"{key}: expected {words}, got {plain}")
    _check_std(config)


def check_groups(config: DictConfig) -> None:
    """Check that every group that a command cannot do without has a choice.

    Args:
        config: Whole configuration of a command.

    Raises:
        ConfigError: A group was set to null, or deleted.
    """
    without = "reader" in config or "format" in config  # detection and export need no Trainer
    for group in NEEDED if without else (*NEEDED, "trainer"):
        node = config.get(group)
        if not isinstance(node, DictConfig) or (group == "trainer" and "_target_" not in node):
            raise ConfigError(f"{group}: nothing is chosen; choose one of {', '.join(choices(group))}")


def check_root(config: DictConfig) -> None:
    """Check that the folder of the data set exists, without reading it.

    Args:
        config: Configuration of a command.

    Raises:
        ConfigError: `dataset.root` is not given or is not a directory.
    """
    if OmegaConf.is_missing(config.dataset, "root"):
        raise ConfigError(f"dataset.root is required: the folder of {config.dataset.name}, as in dataset.root=DIR")
    root = Path(str(config.dataset.root))
    if not config.dataset.get("generated", False) and not root.is_dir():
        literal = typed_in_a_shell("dataset.root", str(root))
        hint = "" if literal == f"dataset.root={root}" else f" (with Hydra's quotes: {literal})"
        raise ConfigError(f"dataset.root={root}: not a directory; give the folder of {config.dataset.name}{hint}")
    if root.exists() and not root.is_dir():
        raise ConfigError(f"dataset.root={root}: expected a folder, got a file; give another folder")


def check_required(config: DictConfig, key: str, example: str) -> Any:
    """Return the value of a required key.

    Args:
        config: Configuration of a command.
        key: The key, such as "source".
        example: A command with the key, for the error message.

    Returns:
        The value.

    Raises:
        ConfigError: The value is missing or null.
    """
    value = OmegaConf.select(config, key, throw_on_missing=False)
    if value is None:
        raise ConfigError(f"{key} is required, as in {example}")
    return value


def _check_std(config: DictConfig) -> None:
    std = OmegaConf.select(config, "dataset.std")
    if std is not None and min(std) <= 0:
        raise ConfigError(f"dataset.std: expected three numbers above 0, got {list(std)}")


def _check_recipe(config: DictConfig) -> None:
    recipe = OmegaConf.select(config, "dataset.recipe", default="paper")
    if recipe == "paper":
        return
    if OmegaConf.select(config, f"dataset.{recipe}") is None:
        raise ConfigError(
            f"recipe={recipe}: the authors' code has no hyper-parameters for dataset={config.dataset.name}, only for "
            "ucf24, jhmdb21 and ava; give recipe=paper"
        )
    column = OmegaConf.select(config, "model.released.schedule")
    known = OmegaConf.select(config, f"dataset.{recipe}.epochs")
    if column is not None and known is not None and column not in known:
        raise ConfigError(
            f"recipe={recipe}: the authors' code has no hyper-parameters for model={config.model.name} with "
            f"dataset={config.dataset.name}; give recipe=paper"
        )


class _Absent:
    """Marks a key that is not in the configuration."""


_ABSENT = _Absent()
