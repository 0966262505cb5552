"""What a run was given: the overrides of its command line, or its whole configuration."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

SEED = "seed"
UNIMPORTANT = ("hydra.", "callbacks.", "logger.", "metric.", "resume", "dataset.root", "sweep")


def settings_of(folder: Path, config: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings of a run: its overrides where Hydra recorded them, else its whole configuration.

    Args:
        folder: The run's folder.
        config: Its configuration.

    Raises:
        OSError, yaml.YAMLError: The overrides cannot be read.
    """
    written = folder / ".hydra" / "overrides.yaml"
    if written.is_file():
        overrides = [str(line).lstrip("+~") for line in yaml.safe_load(written.read_text(encoding="utf-8"))]
        return {**{SEED: str(config.get(SEED, ""))}, **dict(line.split("=", 1) for line in overrides if "=" in line)}
    return dict(_flat(config))


def read_settings(folder: Path) -> dict[str, str]:
    """Return the settings of a run that may not have written everything yet; empty if it has written nothing."""
    config: Any = {}
    for path in (folder / "config.yaml", folder / ".hydra" / "config.yaml"):
        with suppress(OSError, yaml.YAMLError, ValueError):
            config = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            break
    with suppress(OSError, yaml.YAMLError, ValueError, TypeError):
        return settings_of(folder, config)
    return {}


def differing(settings: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the keys whose values differ between runs, except the seed and what does not change results."""
    every = dict.fromkeys(key for one in settings for key in one)
    return tuple(
        key
        for key in every
        if key != SEED and not key.startswith(UNIMPORTANT) and len({one.get(key, "") for one in settings}) > 1
    )


def natural_order(path: Path) -> list[tuple[int, str]]:
    """Return a key that sorts paths with numbers as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in path.parts]


def _flat(node: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(node, Mapping):
        return [pair for key, value in node.items() for pair in _flat(value, f"{path}.{key}".lstrip("."))]
    return [(path, str(node))]
