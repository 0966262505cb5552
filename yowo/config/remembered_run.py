"""A run that goes on, or is repeated: its whole configuration, with whatever is typed anew.

What is stored is the base. A group that is chosen anew (`trainer=cpu`) changes what it would have changed had it been
typed the first time: its node, what other groups take from it, and with it what the first run typed below it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException

from yowo.config.checkpoint import FROM_CHECKPOINT, PARTS, portable, register_parts
from yowo.config.compose import in_our_words
from yowo.config.path_values import parsed
from yowo.errors import ConfigError

NOT_THERE = re.compile(r"Could not (?:override|delete from config\.) '([^']+)'")
OF_THE_START = ("resume", "hydra")
"""Keys of overrides that say how a run is started, not what it is."""
NOT_REMEMBERED = "sweep"
"""A group that makes several runs."""


class Remembered(NamedTuple):
    """The run of a checkpoint or folder.

    Attributes:
        config: Its whole configuration, in the form of `portable`.
        overrides: What was typed for it, as on the command line.
    """

    config: Mapping[str, Any]
    overrides: tuple[str, ...]


class Continued(NamedTuple):
    """How the configuration of a remembered run is composed.

    Attributes:
        overrides: Overrides for Hydra.
        before: What was typed for the run before, and the groups that are chosen now; with `overrides` all that was.
        lost: What the first run typed that the groups chosen anew do not have.
    """

    overrides: list[str]
    before: list[str]
    lost: list[str]


def continued(run: Remembered, overrides: Sequence[str], command: str = "train") -> Continued:
    """Register a remembered run with Hydra, with the groups that are chosen anew; within the block of a `composer`.

    Args:
        run: The run.
        overrides: What is typed now.
        command: Name of the root configuration.

    Returns:
        How the configuration is composed.

    Raises:
        ConfigError: An override names a group or choice that does not exist, or several choices of a group.
    """
    groups = [o for o in overrides if _is_group(o) and _key(o) != NOT_REMEMBERED]
    keys = [o for o in overrides if o not in groups]
    named = {_key(o) for o in groups}
    kept = [o for o in run.overrides if _key(o) not in named]
    config: Mapping[str, Any] = run.config
    lost: list[str] = []
    if groups:
        several = next((o for o in groups if (read := parsed(o)) is not None and read.is_sweep_override()), None)
        if several is not None:
            raise ConfigError(f"{several}: a run goes on with one choice of a group; give one")
        before, _ = _composed(command, list(run.overrides), [])
        after, lost = _composed(command, kept, groups)
        config = {**changed(config, before, after), **{name: after.get(name) for name in named & set(PARTS)}}
    register_parts(config)
    chosen = [f"{part}={FROM_CHECKPOINT}" for part in PARTS]
    typed = [o for o in (*kept, *groups) if o not in lost and is_remembered(o)]
    return Continued([*keys, *chosen], typed, lost)


def is_remembered(override: str) -> bool:
    """Return whether an override says what a run is, and not how it is started.

    Examples:
        >>> [o for o in ("seed=1", "resume=a.ckpt", "hydra.run.dir=r", "model=from_checkpoint") if is_remembered(o)]
        ['seed=1']
    """
    return _key(override).split(".")[0].split("/")[0] not in OF_THE_START and not override.endswith(
        f"={FROM_CHECKPOINT}"
    )


def joined(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """Return what was typed in two starts of a run, without values that the second one replaces.

    Examples:
        >>> joined(["seed=1", "trainer.max_epochs=5"], ["trainer.max_epochs=9"])
        ['seed=1', 'trainer.max_epochs=9']
    """
    replaced = {o.partition("=")[0] for o in now}
    return [*(o for o in before if o.partition("=")[0] not in replaced), *now]


def changed(base: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Apply the differences between two configurations to a third one.

    Args:
        base: Nested containers; not changed.
        before: The configuration that the differences start from.
        after: The configuration that they lead to.

    Returns:
        `base` with the values of `after` where it differs from `before`, and without what only `before` has.

    Examples:
        >>> changed({"a": 1, "b": {"x": 7, "y": 2}}, {"a": 1, "b": {"x": 1, "y": 2}}, {"a": 5, "b": {"x": 1}})
        {'a': 5, 'b': {'x': 7}}
    """
    result = {key: value for key, value in base.items() if key in after or key not in before}
    for key, value in after.items():
        old = before.get(key)
        if key not in before or value != old:
            if all(isinstance(node, Mapping) for node in (value, old, base.get(key))):
                result[key] = changed(base[key], before[key], value)
            else:
                result[key] = value
    return result


def _composed(command: str, overrides: list[str], groups: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Compose a run from conf/, without those of its overrides whose keys do not exist.

    Args:
        command: Name of the root configuration.
        overrides: What the run typed.
        groups: Groups that are chosen anew.

    Returns:
        The configuration, and the overrides that were left out.
    """
    kept = [o for o in overrides if is_remembered(o)]
    lost: list[str] = []
    while True:
        written = [*kept, *groups]
        try:
            return portable(compose(command, written)), lost
        except ConfigCompositionException as error:
            found = NOT_THERE.search(" ".join(str(error).split()))
            gone = [o for o in kept if found is not None and _key(o) == found[1]]
        except Exception:  # said in our words below
            gone = []
        if not groups or not gone:
            return portable(in_our_words(command, written, partial(compose, command, written))), lost
        kept, lost = [o for o in kept if o not in gone], [*lost, *gone]


def _is_group(override: str) -> bool:
    """Return whether an override chooses from a group, or takes its choice away."""
    key = _key(override)
    hydra = GlobalHydra.instance().hydra
    if hydra is None or "." in key or key.startswith("hydra"):
        return False
    parent, _, name = key.rpartition("/")
    return name in hydra.config_loader.list_groups(parent)


def _key(override: str) -> str:
    return override.lstrip("+~").partition("=")[0].partition("@")[0]
