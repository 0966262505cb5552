"""Configurations: composed by Hydra, checked, and complained about in one line."""

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
"""Ending of the names that experiments with `recipe=released` had before there was a group of recipes."""

OmegaConf.register_new_resolver("class_list", class_list, replace=True)
OmegaConf.register_new_resolver("evaluated_classes", evaluated_classes, replace=True)


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
    with composer(command):
        return compose_checked(command, overrides)


@contextmanager
def composer(command: str) -> Iterator[None]:
    """Let Hydra know where the configurations are, for as long as the block lasts."""
    with initialize_config_dir(version_base="1.3", config_dir=str(conf_dir()), job_name=command):
        yield


def compose_checked(command: str, overrides: Sequence[str], with_hydra: bool = False) -> DictConfig:
    """Do as `compose_config` within the block of a `composer`.

    Args:
        command: As of `compose_config`.
        overrides: As of `compose_config`.
        with_hydra: Whether the node `hydra` stays in the result: Hydra runs a job by it.
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
    """Word Hydra's complaint about a choice that does not exist."""
    name = str(error.missing_cfg_file)
    group, _, choice = name.rpartition("/")
    options = choices(group) if group else groups()
    if group == "experiment" and choice.endswith(RELEASED):
        row = choice.removesuffix(RELEASED)
        return f"experiment={choice}: there is no such choice; give experiment={row} recipe=released"
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
    """Write short and old forms of overrides as what they mean; the others stay.

    `weights=FILE` is `weights.file=FILE`; `experiment=NAME_released` is `experiment=NAME recipe=released`.
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
    """Return the value that a list of overrides gives to `key`, None where it is not among them."""
    for override in OverridesParser.create().parse_overrides([o for o in overrides if o.startswith(f"{key}=")]):
        value = override.value()
        return None if value is None else str(value)
    return None
