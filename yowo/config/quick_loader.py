"""Composes configurations as Hydra does, without doing the same work again for each job of a sweep.

Hydra reads and merges some forty files for each configuration, half of them its own.
"""

import copy
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra._internal import defaults_list as finding
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository, IConfigRepository
from hydra._internal.defaults_list import Overrides
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.default_element import InputDefault, ResultDefault
from hydra.plugins.config_source import ConfigResult, ConfigSource
from omegaconf import DictConfig, OmegaConf

MOST_KEPT = 64
"""Merged configurations that are kept."""
State = tuple[Any, ...]
"""Tells a configuration file, and when it was changed."""
_files: dict[State, ConfigResult | None] = {}
_merged: OrderedDict[State, DictConfig] = OrderedDict()


class QuickLoader(ConfigLoaderImpl):
    """Hydra's loader, which merges the same files once as long as none of them changes."""

    def __init__(self, path: ConfigSearchPath) -> None:
        """Create a loader.

        Args:
            path: Where configurations are looked for.
        """
        super().__init__(path)
        self.repository = KeptFiles(path)

    def _load_configuration_impl(self, *args: Any, **more: Any) -> DictConfig:
        with _maps_where_needed():
            return super()._load_configuration_impl(*args, **more)

    def _compose_config_from_defaults_list(self, defaults: list[ResultDefault], repo: IConfigRepository) -> DictConfig:
        sources = repo.get_sources()
        states = [_state(sources, str(default.config_path)) for default in defaults]
        if None in states:
            return super()._compose_config_from_defaults_list(defaults, repo)
        key = tuple((state, d.package, d.primary) for state, d in zip(states, defaults, strict=True))
        if key not in _merged:
            _merged[key] = super()._compose_config_from_defaults_list(defaults, repo)
            if len(_merged) > MOST_KEPT:
                _merged.popitem(last=False)
        return copy.deepcopy(_merged[key])

    def _load_single_config(self, default: ResultDefault, repo: IConfigRepository) -> ConfigResult:
        found = super()._load_single_config(default, repo)
        if found is repo.load_config(str(default.config_path)):  # else it was copied into its package
            found = copy.copy(found)
            found.config = copy.deepcopy(found.config)
        return found


class KeptFiles(ConfigRepository):
    """Hydra's finder of configurations, which reads a file again when it has changed only."""

    def load_config(self, config_path: str) -> ConfigResult | None:
        """Return a configuration, not to be changed by the caller; None if there is none of this name."""
        state = _state(self.sources, config_path)
        if state is None:
            return super().load_config(config_path)
        if state not in _files:
            _files[state] = super().load_config(config_path)
        return _files[state]


def _state(sources: list[ConfigSource], config_path: str) -> State | None:
    """Return what tells whether a configuration has changed.

    None: it is not kept. What this program registers, as the configuration of a checkpoint, changes without a sign.
    """
    source = next((s for s in sources if s.is_config(config_path)), None)
    if source is None or (source.scheme() == "structured" and not config_path.startswith("hydra/")):
        return None
    if source.scheme() != "file":
        return source.scheme(), source.path, config_path
    written = (Path(source.path) / source._normalize_file_name(config_path)).stat()
    return source.path, config_path, written.st_ino, written.st_mtime_ns, written.st_size


@contextmanager
def _maps_where_needed() -> Iterator[None]:
    """Let Hydra collect the choices made so far only for lists of defaults with an interpolation, which few have.

    Hydra does so for each file, and needs a third of the time of composing for it.
    """
    usual, none = finding._create_interpolation_map, OmegaConf.create()

    def choices_made(overrides: Overrides, defaults_list: list[InputDefault], self_added: bool) -> DictConfig:
        needed = any(default.is_interpolation() for default in defaults_list)
        return usual(overrides, defaults_list, self_added) if needed else none

    finding._create_interpolation_map = choices_made
    try:
        yield
    finally:
        finding._create_interpolation_map = usual
