"""Composes configurations with Hydra, checks them, and turns Hydra's errors into messages of one line."""

from collections.abc import Callable, Sequence
from typing import Any

from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from yowo.config.checks import check, check_groups
from yowo.config.conf_files import ConfigFolders
from yowo.config.from_data import complete
from yowo.config.path_values import paths_quoted
from yowo.config.search_path import NO_FOLDERS, composer
from yowo.config.unknown_names import RELEASED, unknown_choice, unknown_key, wrong_choice
from yowo.datasets.class_lists import class_list, evaluated_classes
from yowo.errors import ConfigError, YowoError

for _resolver in (class_list, evaluated_classes):  # lists of OmegaConf, so that --resolve can replace them
    OmegaConf.register_new_resolver(
        _resolver.__name__, lambda name, _named=_resolver: OmegaConf.create(_named(name)), replace=True
    )
NOTHING = {"logger": "logger=none", "context": "context=none", "callbacks": "~callbacks"}
"""Groups for which null means nothing, as an override that Hydra understands."""
OPEN = ("optimizer.lr_factors.",)
"""Beginnings of keys that end with a name of the user's choice, which the configuration does not have."""
UNSET = {"experiment", "debug", "sweep", "profiler"}
"""Groups whose default is null already."""


def compose_config(command: str, overrides: Sequence[str] = (), folders: ConfigFolders = NO_FOLDERS) -> DictConfig:
    """Compose and check the configuration of a command.

    Args:
        command: Name of a root file in conf/: "train", "eval", "detect" or "demo".
        overrides: Overrides as on the command line, such as "model=yowo_nano" or "optimizer.lr=1e-3".
        folders: A user's own folders of configurations.

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
    with composer(command, folders):
        return compose_checked(command, overrides)


def compose_checked(command: str, overrides: Sequence[str]) -> DictConfig:
    """Compose and check a configuration within the `with` block of a `composer`; see `compose_config`.

    Args:
        command: As in `compose_config`.
        overrides: As in `compose_config`.

    Returns:
        As in `compose_config`.

    Raises:
        ConfigError, DatasetError, AnnotationError: As in `compose_config`.
    """
    written = spelled_out(paths_quoted(overrides))
    config: DictConfig = in_our_words(command, written, lambda: compose(command, written))
    complete_and_check(config)
    return config


def complete_and_check(config: DictConfig) -> None:
    """Complete a composed configuration with values from the data, and check it.

    Raises:
        ConfigError, DatasetError, AnnotationError: As in `compose_config`.
    """
    check_groups(config)
    try:
        complete(config)
        check(config)
    except OmegaConfBaseException as error:
        raise ConfigError(str(error).partition("\n")[0]) from error


def in_our_words(command: str, overrides: Sequence[str], composed: Callable[[], Any]) -> Any:
    """Call what composes a configuration, and turn Hydra's errors into ours.

    Args:
        command: Name of the root configuration.
        overrides: The overrides that are composed, for the messages.
        composed: Composes, within the `with` block of a `composer`.

    Returns:
        What `composed` returns.

    Raises:
        ConfigError: An override is malformed or names something that does not exist.
    """
    try:
        return composed()
    except MissingConfigException as error:
        raise ConfigError(unknown_choice(command, overrides, error)) from error
    except ConfigCompositionException as error:
        raise ConfigError(unknown_key(command, overrides, error)) from error
    except YowoError:
        raise
    except Exception as error:  # only overrides and files of the user are read here, so the fault is in them
        raise ConfigError(wrong_choice(command, overrides, error)) from error


def spelled_out(overrides: Sequence[str]) -> list[str]:
    """Replace short and old forms of overrides by their full forms.

    Args:
        overrides: Overrides as on the command line.

    Returns:
        The overrides with `weights=FILE` as `weights.file=FILE` and `experiment=NAME_released` as `experiment=NAME
        recipe=released`; null for a group that can be empty as Hydra has it; the others unchanged.

    Examples:
        >>> spelled_out(["weights=yolo.weights", "seed=1"])
        ['weights.file=yolo.weights', 'seed=1']
        >>> spelled_out(["experiment=yowo_ucf24_released"])
        ['experiment=yowo_ucf24', 'recipe=released']
    """
    written: list[str] = []
    for override in overrides:
        key, _, value = override.partition("=")
        if value.lower() == "null" and (key in NOTHING or key in UNSET):
            written += [NOTHING[key]] if key in NOTHING else []
        elif key.startswith(OPEN) and value:
            written.append(f"++{override}")
        elif key == "weights":
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
        The value as text, without quotes; None if the key is not among the overrides or is null. The last one counts.

    Raises:
        ConfigError: The override cannot be read, or has several values.

    Examples:
        >>> override_value(["seed=1", "checkpoint='my best.ckpt'"], "checkpoint")
        'my best.ckpt'
    """
    given = [o for o in overrides if o.lstrip("+").startswith(f"{key}=")]
    if not given:
        return None
    try:
        read = OverridesParser.create().parse_override(given[-1])
        value: Any = None if read.is_sweep_override() else OmegaConf.create({"value": read.value()})["value"]
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise ConfigError(f"{given[-1]}: cannot be read as key=value ({error})") from error
    if read.is_sweep_override():
        raise ConfigError(f"{given[-1]}: expected one file, got several; run the command once for each")
    return None if value is None else str(value)
