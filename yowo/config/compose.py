"""Composes configurations with Hydra, checks them, and turns Hydra's errors into messages of one line."""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from yowo.config.checks import check
from yowo.config.conf_files import choices, conf_dir, groups
from yowo.config.from_data import complete
from yowo.datasets.class_lists import class_list, evaluated_classes
from yowo.errors import ConfigError

RELEASED = "_released"
"""Suffix of old names of experiments: `NAME_released` is now `NAME recipe=released`."""

OmegaConf.register_new_resolver("class_list", class_list, replace=True)
OmegaConf.register_new_resolver("evaluated_classes", evaluated_classes, replace=True)


def compose_config(command: str, overrides: Sequence[str] = ()) -> DictConfig:
    """Compose and check the configuration of a command.

    Args:
        command: Name of a root file in conf/: "train", "eval", "detect" or "demo".
        overrides: Overrides as on the command line, such as "model=yowo_nano" or "optimizer.lr=1e-3".

    Returns:
        The configuration, with unresolved interpolations.

    Raises:
        ConfigError: An override is malformed, names an unknown group, choice or key, or has an invalid value.
        DatasetError, AnnotationError: Values that depend on the data cannot be read from `dataset.root`.

    Examples:
        >>> config = compose_config("train", ["model=yowo_nano", "dataset=ucf24"])
        >>> len(config.dataset.classes), config.dataset.clip_len
        (24, 16)
    """
    with composer(command):
        return compose_checked(command, overrides)


@contextmanager
def composer(command: str) -> Iterator[None]:
    """Initialise Hydra with the folder conf/ within a `with` block."""
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir()), job_name=command):
        yield


def compose_checked(command: str, overrides: Sequence[str], with_hydra: bool = False) -> DictConfig:
    """Compose and check a configuration within the `with` block of a `composer`; see `compose_config`.

    Args:
        command: As in `compose_config`.
        overrides: As in `compose_config`.
        with_hydra: Keep the node `hydra`, which Hydra needs to run a job.

    Returns:
        As in `compose_config`.

    Raises:
        ConfigError, DatasetError, AnnotationError: As in `compose_config`.
    """
    try:
        config = compose(command, spelled_out(overrides), return_hydra_config=with_hydra)
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
    """Return our message for a choice that does not exist."""
    name = str(error.missing_cfg_file)
    group, _, choice = name.rpartition("/")
    options = choices(group) if group else groups()
    if group == "experiment" and choice.endswith(RELEASED):
        row = choice.removesuffix(RELEASED)
        return f"experiment={choice}: there is no such choice; give experiment={row} recipe=released"
    return f"{group}={choice}: there is no such choice; choose one of {', '.join(options)}{_nearest(choice, options)}"


def _unknown_key(command: str, error: ConfigCompositionException) -> str:
    """Return our message for a key or group that does not exist, with the keys that exist there."""
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
    """Return a suggestion of the option that is most similar to a mistyped word; empty if none is."""
    near = difflib.get_close_matches(word, options, n=1)
    return f". Did you mean {near[0]}?" if near else ""


def spelled_out(overrides: Sequence[str]) -> list[str]:
    """Replace short and old forms of overrides by their full forms.

    Args:
        overrides: Overrides as on the command line.

    Returns:
        The overrides with `weights=FILE` as `weights.file=FILE` and `experiment=NAME_released` as `experiment=NAME
        recipe=released`; the others unchanged.

    Examples:
        >>> spelled_out(["weights=yolo.weights", "seed=1"])
        ['weights.file=yolo.weights', 'seed=1']
        >>> spelled_out(["experiment=yowo_ucf24_released"])
        ['experiment=yowo_ucf24', 'recipe=released']
    """
    written: list[str] = []
    for override in overrides:
        key, _, value = override.partition("=")
        if key == "weights":
            written.append(f"weights.file={value}")
        elif key == "experiment" and value.endswith(RELEASED) and "," not in value:
            written += [f"experiment={value.removesuffix(RELEASED)}", "recipe=released"]
        else:
            written.append(override)
    return written


def override_value(overrides: Sequence[str], key: str) -> str | None:
    """Return the value that a list of overrides gives to a key.

    Args:
        overrides: Overrides as on the command line.
        key: The key.

    Returns:
        The value as text, without quotes; None if the key is not among the overrides or is null.

    Examples:
        >>> override_value(["seed=1", "checkpoint='my best.ckpt'"], "checkpoint")
        'my best.ckpt'
    """
    for override in OverridesParser.create().parse_overrides([o for o in overrides if o.startswith(f"{key}=")]):
        value = override.value()
        return None if value is None else str(value)
    return None
