"""The jobs of a sweep, as Hydra's sweeper will make them, so that all can be checked before the first one starts."""

from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, Override, RangeSweep
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from yowo.commands.sweep_plugins import register
from yowo.config.path_values import typed_in_a_shell
from yowo.errors import ConfigError

MAX_CHECKED = 256
"""Most jobs of a sweep that are checked before the first one starts."""
BASIC = f"{BasicSweeper.__module__}.{BasicSweeper.__name__}"
"""`_target_` of Hydra's own sweeper, which runs every combination."""


def read_overrides(overrides: Sequence[str], loader: ConfigLoader | None = None) -> list[Override]:
    """Read overrides as Hydra does.

    Args:
        overrides: Overrides, such as "seed=1".
        loader: Finds the choices that `glob(...)` matches.

    Returns:
        The overrides.

    Raises:
        ConfigError: One cannot be read.
    """
    parser = OverridesParser.create(loader)
    return [_read(parser, override) for override in overrides]


def _read(parser: OverridesParser, override: str) -> Override:
    try:
        return parser.parse_overrides([override])[0]  # which tells it where glob() looks
    except (HydraException, ValueError) as error:
        raise ConfigError(_unreadable(override, error)) from error


def _unreadable(override: str, error: Exception) -> str:
    """Return our message for an override that Hydra cannot read."""
    key, _, value = override.partition("=")
    if not value:
        return f"{override}: expected an override key=value, as in seed=1 or model=yowo_nano"
    reason = " ".join(str(error).split()).partition(" See https")[0]
    quotes = typed_in_a_shell(key, value)
    return f"{override}: cannot be read as key=value ({reason}); quote a value with other signs twice, as in {quotes}"


def several_values(overrides: Sequence[Override]) -> Override | None:
    """Return the first override with several values; None if there is none."""
    return next((o for o in overrides if o.is_sweep_override()), None)


def sweep_jobs(config: DictConfig, loader: ConfigLoader) -> list[list[str]]:
    """Return the overrides of the jobs of a sweep.

    Args:
        config: Configuration composed for the sweep, with the node `hydra`.
        loader: Finds the choices that `glob(...)` matches.

    Returns:
        With Hydra's own sweeper one list for each combination, at most `MAX_CHECKED`. Other sweepers choose the values
        as they go; one job stands for all, with the first choice or the lower end of each range.

    Raises:
        ConfigError: An override cannot be read, matches no choice, or Hydra's own sweeper does not know its function.
    """
    register()
    for part in ("sweeper", "launcher"):
        _check_plugin(part, config.hydra[part])
    sweeper = config.hydra.sweeper
    common = [o for o in config.hydra.overrides.hydra if not o.startswith(("hydra.mode=", "hydra.sweep"))]
    task = read_overrides([*_params(sweeper), *config.hydra.overrides.task], loader)
    by_key = {o.get_key_element(): o for o in task}  # as in Hydra's sweeper, the last one of a key counts
    if sweeper.get("_target_") != BASIC:
        return [[*common, *(_first(o) for o in by_key.values())]]
    ways = [list(_values(o)) for o in by_key.values()]
    return [[*common, *job] for job in islice(product(*ways), MAX_CHECKED)]


def _check_plugin(part: str, node: DictConfig | None) -> None:
    """Check that the class of a sweeper or launcher is one that Hydra finds.

    Raises:
        ConfigError: It is not, most often because its package is not installed.
    """
    target = None if node is None else node.get("_target_")
    if target not in Plugins.instance().class_name_to_class:
        raise ConfigError(f"hydra/{part}: {target} is not installed; install its package, or give hydra/{part}=basic")


def _params(sweeper: DictConfig) -> list[str]:
    """Return the swept parameters in a sweeper's own configuration, as overrides."""
    params: Any = OmegaConf.to_container(sweeper, resolve=True)
    found = (params or {}).get("params") or {}
    return [f"{key}={value}" for key, value in found.items()] if isinstance(found, dict) else []


def _values(override: Override) -> Iterator[str]:
    """Yield an override once for each of its values."""
    if not override.is_sweep_override():
        yield str(override.input_line)
        return
    if not override.is_discrete_sweep():
        raise ConfigError(
            f"{override.input_line}: Hydra's own sweeper runs all combinations of choice(), range() and glob(); an "
            "interval needs hydra/sweeper=yowo_optuna (pip install optuna), as in sweep=lr_search"
        )
    values = list(islice(override.sweep_string_iterator(), MAX_CHECKED))
    if not values:
        raise ConfigError(f"{override.input_line}: there is no such choice, so nothing to run")
    yield from (f"{override.get_key_element()}={value}" for value in values)


def _first(override: Override) -> str:
    """Return an override with one value, for a sweeper that chooses values itself."""
    swept = override._value
    if isinstance(swept, (RangeSweep, IntervalSweep)):
        return f"{override.get_key_element()}={swept.start}"
    if isinstance(swept, ChoiceSweep) or override.is_sweep_override():
        return next(_values(override))
    return str(override.input_line)
