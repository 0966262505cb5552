"""How a run is called in the loggers, and which configuration they get."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

OF_THE_MACHINE = ("logger", "callbacks.*.dirpath", "callbacks.*.folder", "trainer.default_root_dir", "resume")
"""Keys that are not logged: they say where files are, not what was trained. A star stands for any one word."""
SECRET = re.compile(r"(api_?key|token|secret|passw)", re.IGNORECASE)
NOT_CHANGES = ("model", "dataset", "resume", "output", "threads", "evaluate", "debug", "sweep", "trainer", "experiment")
"""Overrides that do not stand in a name: the name has them already, or they do not change what is trained."""
NOT_CHANGES_BELOW = (
    *("hydra", "logger", "callbacks", "dataset.root"),
    *("trainer.accelerator", "trainer.devices", "trainer.log_every_n_steps"),
)
AT_THE_END = "seed"
MOST_OF_A_VALUE, MOST_OF_A_NAME = 24, 128
"""Characters; W&B refuses a longer name."""


class RunNames(NamedTuple):
    """What a run is found by in W&B.

    Attributes:
        name: `{model}-{dataset}-{changes}`.
        group: Name of the folder of the sweep; None for a run of its own.
        tags: Model, data set, recipe, experiment and sweep, those that there are.
    """

    name: str
    group: str | None
    tags: tuple[str, ...]


def run_names(config: DictConfig) -> RunNames:
    """Name a run after its configuration and, in a Hydra job, after what was typed and its sweep.

    Args:
        config: Configuration of `yowo train`.
    """
    overrides: Sequence[str] = ()
    choices: Mapping[str, Any] = {}
    group = None
    if HydraConfig.initialized():
        hydra = HydraConfig.get()
        overrides, choices = list(hydra.overrides.task), dict(hydra.runtime.choices)
        if hydra.mode is RunMode.MULTIRUN:
            group = Path(str(hydra.sweep.dir)).name
    model, dataset = str(config.model.name), str(config.dataset.name)
    experiment = choices.get("experiment")
    changed = changes(overrides)
    if experiment and experiment != f"{model}_{dataset}":
        changed = [str(experiment), *changed]
    tags = [model, dataset, *(str(choices[key]) for key in ("recipe", "experiment", "sweep") if choices.get(key))]
    return RunNames(_joined([model, dataset, *changed]), group, tuple(dict.fromkeys(tags)))


def changes(overrides: Iterable[str]) -> list[str]:
    """Return overrides as short words for a name, in an order that does not depend on how they were typed.

    Args:
        overrides: As typed; of several for one key the last one counts.

    Returns:
        `key=value`, in the order of the whole keys, with the last part of each where it tells them apart, and the seed
        at the end.

    Examples:
        >>> changes(["seed=3", "model=yowo_nano", "+trainer.limit_train_batches=4", "optimizer.lr=0.01", "loss=yowo"])
        ['loss=yowo', 'lr=0.01', 'limit_train_batches=4', 'seed=3']
    """
    values: dict[str, str] = {}
    for override in overrides:
        key, _, value = override.lstrip("+~").partition("=")
        key = key.partition("@")[0]
        below = any(key == other or key.startswith(f"{other}.") for other in NOT_CHANGES_BELOW)
        if key not in NOT_CHANGES and not below:
            values[key] = value
    short = [key.rpartition(".")[2] for key in values]
    words = {
        key: f"{last if short.count(last) == 1 else key}={_short(values[key])}"
        for key, last in zip(values, short, strict=True)
    }
    return [words[key] for key in sorted(words, key=lambda key: (key == AT_THE_END, key))]


def logged_configuration(config: DictConfig, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration that loggers get, resolved, with facts about the run.

    Values that are missing or cannot be resolved are left out; so are secrets, and keys that say where files are.

    Args:
        config: Configuration of `yowo train`.
        facts: Versions, Git commit and command, stored under `run`.

    Returns:
        Plain containers.
    """
    plain = _plain(config, "")
    return {**plain, "run": dict(facts)}


def _plain(node: Any, path: str) -> Any:
    if isinstance(node, DictConfig):
        entries = {}
        for key in list(node):
            name = str(key)
            below = f"{path}.{name}" if path else name
            if SECRET.search(name) or _of_the_machine(below) or OmegaConf.is_missing(node, key):
                continue
            with suppress(OmegaConfBaseException):  # an interpolation of a missing value
                entries[name] = _plain(node[key], below)
        return entries
    if isinstance(node, ListConfig):
        return [_plain(value, path) for value in node]
    known: Any = node if node is None or isinstance(node, (bool, int, float, str)) else repr(node)
    return known


def _of_the_machine(path: str) -> bool:
    words = path.split(".")
    patterns = (pattern.split(".") for pattern in OF_THE_MACHINE)
    return any(
        len(pattern) == len(words) and all(a in ("*", b) for a, b in zip(pattern, words, strict=True))
        for pattern in patterns
    )


def _joined(words: list[str]) -> str:
    """Join words to a name of the length that W&B takes; what is cut stands before the seed, which tells runs apart."""
    end = f"-{words[-1]}" if words[-1].startswith(f"{AT_THE_END}=") else ""
    head = "-".join(words[:-1] if end else words)
    return head[: MOST_OF_A_NAME - len(end)] + end


def _short(value: str) -> str:
    """Return a value for a name: the name of a file without its folder, and not too much of a list."""
    plain = value.strip("'\"")
    if "/" in plain:
        plain = Path(plain).name
    return plain if len(plain) <= MOST_OF_A_VALUE else f"{plain[: MOST_OF_A_VALUE - 1]}…"
