"""Initialises Hydra with the folders in which it looks for configurations."""

from collections.abc import Iterator
from contextlib import contextmanager

from hydra import version
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath, SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.initialize import get_gh_backup, restore_gh_from_backup

from yowo.config.conf_files import ConfigFolders, conf_dir
from yowo.config.quick_loader import QuickLoader

NO_FOLDERS = ConfigFolders()


@contextmanager
def composer(command: str, folders: ConfigFolders = NO_FOLDERS) -> Iterator[Hydra]:
    """Initialise Hydra within a `with` block, with the package's configurations and a user's own.

    Args:
        command: Name of the job.
        folders: A user's own folders.

    Yields:
        Hydra, which is also the global one that `hydra.compose` uses.
    """
    before = get_gh_backup()
    version.setbase("1.3")
    GlobalHydra.instance().clear()
    try:
        hydra = Hydra.create_main_hydra2(command, _search_path(folders))
        hydra.config_loader = QuickLoader(hydra.config_loader.get_search_path())
        yield hydra
    finally:
        restore_gh_from_backup(before)


def _search_path(folders: ConfigFolders) -> ConfigSearchPath:
    """Return the search path: --config-path, the package's folder, --config-dir."""
    package = str(conf_dir())
    path = create_config_search_path(package if folders.main is None else folders.main)
    schema = SearchPathQuery(provider="schema")
    if folders.main is not None:
        path.prepend(provider="yowo", path=f"file://{package}", anchor=schema)
    if folders.own is not None:
        path.prepend(provider="command-line", path=folders.own, anchor=schema)
    return path
