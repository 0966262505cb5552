"""Messages about groups, choices and keys that do not exist: what there is instead, and what was probably meant."""

import difflib
import re
from collections.abc import Iterator, Sequence

import yaml
from hydra import compose
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.types import ValueType
from hydra.errors import ConfigCompositionException, HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from yowo.config.conf_files import NOT_CHOSEN, conf_dir
from yowo.config.foreign_words import our_word
from yowo.config.path_values import parsed
from yowo.config.search_path import composer
from yowo.errors import ConfigError

RELEASED = "_released"
"""Suffix of old names of experiments: `NAME_released` is now `NAME recipe=released`."""
PLUGINS = {
    "launcher/joblib": "hydra-joblib-launcher",
    "launcher/ray": "hydra-ray-launcher",
    "launcher/ray_aws": "hydra-ray-launcher",
    "launcher/rq": "hydra-rq-launcher",
    "launcher/submitit_local": "hydra-submitit-launcher",
    "launcher/submitit_slurm": "hydra-submitit-launcher",
    "sweeper/ax": "hydra-ax-sweeper",
    "sweeper/nevergrad": "hydra-nevergrad-sweeper",
    "sweeper/optuna": "hydra-optuna-sweeper",
    "job_logging/colorlog": "hydra-colorlog",
    "hydra_logging/colorlog": "hydra-colorlog",
}
"""Choices of Hydra's own groups that come with a package."""
FILE_LIKE = re.compile(r".*[/\\].*|.*\.(pt|pth|ckpt|safetensors|weights|onnx|ya?ml|zip)", re.IGNORECASE | re.DOTALL)
NOT_THERE = re.compile(r"Could not (?:override|delete from config\.) '([^']+)'")
NOT_IN_DEFAULTS = "No match in the defaults list"
MEANT = 3
"""Most keys that are named as what was probably meant."""


def unknown_choice(command: str, overrides: Sequence[str], error: MissingConfigException) -> str:
    """Return our message for a choice, or a configuration of a command, that does not exist.

    Args:
        command: Name of the root configuration.
        overrides: The overrides that were composed.
        error: Hydra's error.

    Returns:
        One line with the choices that there are.
    """
    name = str(error.missing_cfg_file)
    inside = re.match(r"In '([^']+)'", str(error))
    asked = any(o.partition("=")[2] == name.rpartition("/")[2] for o in overrides)
    where = f"{inside[1]}.yaml: " if inside and inside[1] != command and not asked else ""
    group, _, choice = name.partition("/")
    if group == "hydra":
        group, _, choice = name.rpartition("/")
    if not choice:
        return f"{where}{name}: there is no configuration of this name in {' or '.join(_sources())}"
    options = _options(group, command, overrides)
    if (package := PLUGINS.get(name.removeprefix("hydra/"))) is not None:
        others = ", ".join(options)
        return f"{group}={choice}: it is not installed; run pip install {package}, or choose one of {others}"
    if group == "experiment" and choice.endswith(RELEASED):
        row = choice.removesuffix(RELEASED)
        return f"experiment={choice}: there is no such choice; give experiment={row} recipe=released"
    if not options:
        return f"{where}{group}={choice}: there is no such group of configurations"
    listed, meant = ", ".join(options), _meant_by_choice(command, group, choice, options)
    return f"{where}{group}={choice}: there is no such choice; choose one of {listed}{meant}"


def wrong_choice(command: str, overrides: Sequence[str], error: Exception) -> str:
    """Return our message for a group that is given something that is no name, such as null or a number.

    Args:
        command: Name of the root configuration.
        overrides: The overrides that were composed.
        error: Hydra's error.

    Returns:
        One line that names the override.
    """
    for override in overrides:
        key = _key(override)
        read = parsed(override)
        if read is not None and read.value_type is ValueType.ELEMENT and not isinstance(read.value(), (str, list)):
            options = _options(key, command, overrides) if key and "." not in key else []
            if options or not key:
                listed = f"choose one of {', '.join(options)}" if options else "expected an override key=value"
                return f"{override}: {listed}"
    return f"{' '.join(overrides)}: {str(error) or repr(error)}"


def unknown_key(command: str, overrides: Sequence[str], error: ConfigCompositionException) -> str:
    """Return our message for a key or group that does not exist, with the keys that exist in what was chosen.

    Args:
        command: Name of the root configuration.
        overrides: The overrides that were composed.
        error: Hydra's error.

    Returns:
        One line.
    """
    text, cause = " ".join(str(error).split()), error.__cause__
    found = NOT_THERE.search(text)
    because = "" if cause is None else str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    if found is None:
        return f"{text}: {because}".removeprefix(": ") if because else text
    key = found[1]
    if "@" in key:
        return text
    if because and "not in struct" not in because and NOT_IN_DEFAULTS not in text:
        return f"{key}: {because}"
    config = _chosen(command, overrides)
    parent, names = _nearest_parent(config, key)
    if not parent:
        names = sorted({*names, *_groups()})
    override = next((o for o in overrides if _key(o) == key), key)
    where = parent or f"yowo {command}"
    here = [f"{parent}.{name}" if parent else name for name in names]
    meant = _meant_by_key(command, here, list(config_keys(config)), key, override.partition("=")[2] or None)
    return f"{key}: there is no such key; {where} has {', '.join(names)}{meant}"


def similar_key(command: str, word: str, value: str | None) -> str | None:
    """Return the override that a word of another command line stands for.

    Args:
        command: Name of the root configuration.
        word: A word, such as "batch_size".
        value: What was given to it.

    Returns:
        The override, such as "dataset.batch_size=4"; None if no key has such a name.
    """
    try:
        with composer(command):
            config = compose(command)
    except (HydraException, OmegaConfBaseException):  # a checkpoint brings what is missing
        path = conf_dir() / f"{command}.yaml"
        root = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
        config = OmegaConf.create({str(key): None for key in root if key not in ("defaults", "hydra")})
    given = value or "VALUE"
    if word in config:
        return f"{word}={given}"
    ours = our_word(command, word, value)
    if ours is not None:
        return ours
    keys = [key for key in config_keys(config) if key.rpartition(".")[2] == word]
    return f"{keys[0]}={given}" if len(keys) == 1 else None


def _meant_by_choice(command: str, group: str, choice: str, options: Sequence[str]) -> str:
    """Return what was probably meant by a choice that does not exist."""
    if group == "model" and FILE_LIKE.fullmatch(choice):
        if command == "train":
            return f". For initial weights give weights={choice}, to continue a run resume={choice}"
        return f". For a file give checkpoint={choice} (of yowo train), or weights={choice}"
    if group == "dataset" and FILE_LIKE.fullmatch(choice):
        return f". For a folder of your own give dataset=custom dataset.root={choice}"
    near = difflib.get_close_matches(choice, options, n=1)
    return f". Did you mean {near[0]}?" if near else ""


def _meant_by_key(command: str, here: Sequence[str], keys: Sequence[str], key: str, value: str | None) -> str:
    """Return what was probably meant by a key that does not exist: a word of other tools, or a mistyped key."""
    ours = our_word(command, key, value)
    if ours is not None:
        return f". Give {ours}"
    word = key.rpartition(".")[2]
    same = [name for name in dict.fromkeys(keys) if name.rpartition(".")[2] == word][:MEANT]
    near = difflib.get_close_matches(key, list(dict.fromkeys([*here, *keys])), n=1, cutoff=0.75)
    near = near or same or _similar_parts(key, keys)
    return f". Did you mean {' or '.join(near)}?" if near else ""


def _similar_parts(key: str, keys: Sequence[str]) -> list[str]:
    """Return the key whose last part is most like that of a mistyped key, if there is just one."""
    words = {name.rpartition(".")[2] for name in keys}
    near = difflib.get_close_matches(key.rpartition(".")[2], sorted(words), n=1, cutoff=0.8)
    same = [name for name in keys if near and name.rpartition(".")[2] == near[0]]
    return same if len(same) <= MEANT else []


def _nearest_parent(config: DictConfig, key: str) -> tuple[str, list[str]]:
    """Return the longest beginning of a key that exists as a node, and the keys in it."""
    parent = key
    while parent:
        parent = parent.rpartition(".")[0]
        node = OmegaConf.select(config, parent, throw_on_missing=False) if parent else config
        if isinstance(node, DictConfig):
            return parent, sorted(str(name) for name in node)
    return "", sorted(str(name) for name in config)


def _chosen(command: str, overrides: Sequence[str]) -> DictConfig:
    """Compose a command with the choices among some overrides, without the overrides of keys."""
    choices = [o for o in overrides if _is_choice(command, o, overrides)]
    try:
        return compose(command, choices)
    except (HydraException, OmegaConfBaseException):
        return compose(command) if choices else OmegaConf.create()


def _is_choice(command: str, override: str, overrides: Sequence[str]) -> bool:
    key = _key(override)
    return key == "hydra.searchpath" or ("." not in key and bool(_options(key, command, overrides)))


def _key(override: str) -> str:
    """Return the key or group that an override names, without `+`, `~` and the package."""
    return override.lstrip("+~").partition("=")[0].partition("@")[0]


def _options(group: str, command: str, overrides: Sequence[str]) -> list[str]:
    """Return the choices of a group, those in a user's folders too."""
    searched = [o for o in overrides if o.startswith("hydra.searchpath=") and parsed(o) is not None]
    try:
        found = _loader().get_group_options(group, ObjectType.CONFIG, config_name=command, overrides=searched)
    except (HydraException, OmegaConfBaseException):
        found = _loader().get_group_options(group, ObjectType.CONFIG)
    return sorted(name for name in found if name != "from_checkpoint")


def _loader() -> ConfigLoader:
    hydra = GlobalHydra.instance().hydra
    if hydra is None:
        raise ConfigError("Hydra is not initialized; use a composer")
    return hydra.config_loader


def _groups() -> list[str]:
    """Return the groups that users choose from."""
    return [name for name in _loader().list_groups("") if name not in NOT_CHOSEN]


def _sources() -> list[str]:
    return [source.path for source in _loader().get_sources() if source.scheme() == "file"]


def config_keys(node: DictConfig, before: str = "") -> Iterator[str]:
    """Yield the dotted keys of the values of a configuration."""
    for key in node:
        name, value = str(key), node._get_node(key)
        if isinstance(value, DictConfig) and not value._is_none() and not value._is_interpolation():
            yield from config_keys(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"
