"""Configurations: found, composed by Hydra, remembered by checkpoints, and turned into objects."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import lightning as L
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from hydra.utils import instantiate
from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from torch import Tensor
from torchmetrics import MetricCollection

from yowo.conf_files import conf_dir
from yowo.config_checks import check
from yowo.config_from_data import complete
from yowo.contracts import RawOutput, Target
from yowo.data.augment import EvalTransform
from yowo.data.datamodule import ClipDataModule
from yowo.errors import ConfigError, WeightsError
from yowo.inference.feature_bank import LongTermContext
from yowo.losses.criterion import Criterion
from yowo.models.detector import Detector
from yowo.models.postprocess import ConfidenceOrder, PostProcess
from yowo.training.module import ActionDetection
from yowo.weights.reading import read_checkpoint

PARTS = (
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
    "model",
    "dataset",
)
"""The groups that a checkpoint remembers, as in conf/parts.yaml."""
GLOBAL_PARTS = ("model", "dataset")
"""Those whose files may override other groups, and so name their own node."""
CHECKPOINT_KEY = "yowo"


def choices(group: str) -> list[str]:
    """Return the choices of a config group."""
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def groups() -> list[str]:
    """Return the config groups that users choose from."""
    return sorted(path.name for path in conf_dir().iterdir() if path.is_dir() and path.name != "hydra")


def compose_config(command: str, overrides: Sequence[str] = ()) -> DictConfig:
    """Compose and check the configuration of a command.

    Args:
        command: Name of a root file: train, eval, detect, demo.
        overrides: As typed: "model=yowo_nano", "optimizer.lr=1e-3".

    Returns:
        The configuration, interpolations not yet resolved.

    Raises:
        ConfigError: An override is malformed, names an unknown group, choice or key, or gives a wrong value.
        DatasetError, AnnotationError: What is left to the data cannot be found out from it.
    """
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir())):
        try:
            config = compose(command, spelled_out(overrides))
        except MissingConfigException as error:
            raise ConfigError(_unknown_choice(error)) from error
        except ConfigCompositionException as error:
            raise ConfigError(_unknown_key(command, error)) from error
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError(str(error)) from error
    complete(config)
    check(config)
    return config


def _unknown_choice(error: MissingConfigException) -> str:
    """Word Hydra's complaint about a choice that does not exist."""
    name = str(error.missing_cfg_file)
    group, _, choice = name.rpartition("/")
    options = choices(group) if group else groups()
    return f"{group}={choice}: there is no such choice; {group} has {', '.join(options)}{_nearest(choice, options)}"


def _unknown_key(command: str, error: ConfigCompositionException) -> str:
    """Word Hydra's complaint about a key or group that does not exist, with what stands there instead."""
    text = str(error)
    if "'" not in text or "Could not override" not in text:
        return text if error.__cause__ is None else f"{text}: {error.__cause__}"
    key = text.split("'")[1] if not text.startswith("In '") else text.split("'")[3]
    key = key.split("@")[0]
    base = compose(command, [], return_hydra_config=False)
    parent, found = key, base
    while parent:
        parent = parent.rpartition(".")[0]
        node = OmegaConf.select(base, parent, throw_on_missing=False) if parent else base
        if isinstance(node, DictConfig):
            found = node
            break
    names = sorted(str(name) for name in found)
    cause = error.__cause__
    if cause is not None and "not in struct" not in str(cause) and "No match" not in text:
        return f"{key}: {str(cause).splitlines()[0]}"
    where = parent or f"yowo {command}"
    return f"{key}: there is no such key; {where} has {', '.join(names)}{_nearest(key.rpartition('.')[2], names)}"


def _nearest(word: str, options: Sequence[str]) -> str:
    """Suggest the option nearest to a mistyped word."""
    near = difflib.get_close_matches(word, options, n=1)
    return f". Did you mean {near[0]}?" if near else ""


def spelled_out(overrides: Sequence[str]) -> list[str]:
    """Write the short form `weights=FILE` as the key that it means, `weights.file=FILE`; the others stay."""
    return [f"weights.file={o.partition('=')[2]}" if o.startswith("weights=") else o for o in overrides]


def override_value(overrides: Sequence[str], key: str) -> str | None:
    """Return the value that a list of overrides gives to `key`, None where it is not among them."""
    for override in OverridesParser.create().parse_overrides([o for o in overrides if o.startswith(f"{key}=")]):
        value = override.value()
        return None if value is None else str(value)
    return None


def portable(config: DictConfig) -> dict[str, Any]:
    """Return the groups that a checkpoint remembers as plain containers, interpolations kept."""
    plain = OmegaConf.to_container(config, resolve=False)
    return {str(k): v for k, v in plain.items() if k in PARTS} if isinstance(plain, dict) else {}


def register_checkpoint(path: str | None) -> None:
    """Offer the configuration inside a checkpoint as the choice `from_checkpoint` of every group.

    Args:
        path: The checkpoint; None offers empty groups, so that help can be shown.

    Raises:
        WeightsError: The file cannot be read, or holds no configuration of ours.
    """
    remembered: Mapping[str, Any] = {part: {} for part in PARTS}
    if path is not None:
        content = read_checkpoint(path).get(CHECKPOINT_KEY)
        if not isinstance(content, Mapping) or not set(PARTS) <= set(content.get("config", {})):
            raise WeightsError(
                f"{path}: holds weights but not the configuration of a `yowo train` run; name model and dataset "
                "with yowo train weights=FILE instead"
            )
        remembered = content["config"]
    register_parts(remembered)


def register_parts(remembered: Mapping[str, Any]) -> None:
    """Offer groups in plain containers as the choice `from_checkpoint` of each."""
    store = ConfigStore.instance()
    for part in PARTS:
        if part in GLOBAL_PARTS:
            store.store(group=part, name="from_checkpoint", node={part: remembered[part]}, package="_global_")
        else:
            store.store(group=part, name="from_checkpoint", node=remembered[part])


def image_size(config: DictConfig) -> tuple[int, int]:
    """Return height and width of the network's input in pixels."""
    size = config.dataset.image_size
    return (int(size), int(size)) if isinstance(size, int) else (int(size[0]), int(size[1]))


def _anchors(config: DictConfig) -> list[list[float]]:
    """Scale the data set's anchors from the input size they are given for to the one in use."""
    given = config.dataset.anchors_at
    given_height, given_width = (given, given) if isinstance(given, int) else given
    height, width = image_size(config)
    return [[w * width / given_width, h * height / given_height] for w, h in config.dataset.anchors]


def build_detector(config: DictConfig) -> Detector:
    """Make the network of a configuration, with random weights.

    Raises:
        ConfigError: The parts do not fit together.
    """
    model = {k: v for k, v in config.model.items() if k not in ("name", "anchor_set")}
    detector: Detector = _instantiate(
        OmegaConf.create(model, parent=config), num_classes=len(config.dataset.classes), anchors=_anchors(config)
    )
    detector.recipe = portable(config)
    return detector


def build_criterion(config: DictConfig) -> Criterion:
    """Make the loss of a configuration."""
    criterion: Criterion = _instantiate(config.loss)
    return criterion


def build_eval_transform(config: DictConfig) -> EvalTransform:
    """Make the transform of evaluation and detection: resize and normalise."""
    return EvalTransform(image_size(config), list(config.dataset.mean), list(config.dataset.std))


def build_datamodule(config: DictConfig) -> ClipDataModule:
    """Make the data module of a configuration; nothing is read yet."""
    dataset = config.dataset
    dilation = dataset.train_dilation
    return ClipDataModule(
        data=_instantiate(dataset.source),
        train_transform=_instantiate(config.augment, image_size=image_size(config)),
        eval_transform=build_eval_transform(config),
        clip_len=dataset.clip_len,
        dilation=dataset.dilation,
        train_dilation=dilation if isinstance(dilation, int) else list(dilation),
        repeat_key_frame=dataset.repeat_key_frame,
        cache=dataset.cache,
        batch_size=dataset.batch_size,
        num_workers=dataset.num_workers,
        test_frames=config.metric.test_frames,
        key_frame_stride=dataset.get("key_frame_stride", 1),
        balanced=float(dataset.get("balanced", 0)),
        seed=config.get("seed", 0),
    )


def build_postprocess(config: DictConfig, **arguments: Any) -> PostProcess | ConfidenceOrder:
    """Make the post-processing of a configuration; `arguments` replace its thresholds."""
    postprocess: PostProcess | ConfidenceOrder = _instantiate(config.postprocess, **arguments)
    return postprocess


def build_context(config: DictConfig) -> LongTermContext | None:
    """Make what a network sees around the key frame in evaluation; None: the clip that ends at it."""
    context: LongTermContext | None = _instantiate(config.context) if config.get("context") else None
    return context


def build_metric(config: DictConfig, stage: str) -> MetricCollection:
    """Make the metrics of a stage: "val" or "test"."""
    metrics = {name: _instantiate(node) for name, node in config.metric[stage].items() if node is not None}
    return MetricCollection(metrics, compute_groups=False)


def build_module(config: DictConfig, detector: Detector) -> ActionDetection:
    """Make the LightningModule around a detector: loss, metric, optimizer and schedule of a configuration."""
    return ActionDetection(
        detector=detector,
        criterion=build_criterion(config),
        postprocess=build_postprocess(config),
        metric=build_metric(config, "val"),
        test_metric=build_metric(config, "test"),
        optimizer=_instantiate(config.optimizer),
        scheduler=_instantiate(config.schedule.scheduler),
        scheduler_interval=config.schedule.interval,
    )


def build_trainer(config: DictConfig, **arguments: Any) -> L.Trainer:
    """Make the Trainer of a configuration; `arguments` (logger, callbacks) come on top.

    Raises:
        ConfigError: The trainer's settings are impossible here, such as more GPUs than there are.
    """
    trainer: L.Trainer = _instantiate(config.trainer, **arguments)
    return trainer


def build_callbacks(config: DictConfig) -> list[Callback]:
    """Make the callbacks of a configuration; entries set to null are left out, and what needs a logger without one."""
    callbacks = [_instantiate(node) for node in config.callbacks.values() if node is not None]
    return [c for c in callbacks if config.logger or not isinstance(c, LearningRateMonitor)]


def build_loggers(config: DictConfig) -> list[Logger]:
    """Make the loggers of a configuration; several may be chosen, or none."""
    return [_instantiate(node) for node in config.logger.values() if node is not None]


def _instantiate(node: DictConfig, **arguments: Any) -> Any:
    """Make the object of a node; a ConfigError inside it comes out as itself."""
    try:
        return instantiate(node, **arguments, _convert_="all")
    except HydraException as error:
        cause = error.__cause__
        while cause is not None:
            if isinstance(cause, ConfigError):
                raise cause from error
            cause = cause.__cause__
        raise ConfigError(str(error)) from error


def postprocess_of(detector: Detector, **arguments: Any) -> PostProcess | ConfidenceOrder:
    """Make the post-processing of the recipe that a detector was built from; YOWO-Plus's where it has none.

    Args:
        detector: The network.
        arguments: Replace the recipe's values; None, and what this kind of post-processing has not, is passed over.
    """
    if detector.recipe is None:
        kept = {k: v for k, v in arguments.items() if v is not None and k in PostProcess.__dataclass_fields__}
        return PostProcess(detector.exclusive_classes, **kept)
    config = OmegaConf.create(detector.recipe)
    kept = {k: v for k, v in arguments.items() if v is not None and k in config.postprocess}
    return build_postprocess(config, **kept)


def losses_of(
    detector: Detector, raw: RawOutput, targets: list[Target], samples_seen: int | None = None
) -> dict[str, Tensor]:
    """Compute the losses by the recipe that a detector was built from.

    Raises:
        ConfigError: The detector was put together by hand and has none.
    """
    if detector.recipe is None:
        raise ConfigError("this detector has no recipe; build it with yowo.build_model, or call a Criterion yourself")
    return build_criterion(OmegaConf.create(detector.recipe))(raw, targets, samples_seen)
