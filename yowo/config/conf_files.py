"""Finds the configuration files: the folder conf/, its groups and their choices, and a user's own folders."""

from pathlib import Path
from typing import NamedTuple

from yowo.errors import ConfigError

NOT_CHOSEN = {"hydra"}
"""Folders of conf/ that are not groups for users."""


class ConfigFolders(NamedTuple):
    """Places with a user's own configurations, besides the package's, as addresses: `file://DIR` or `pkg://module`.

    Attributes:
        main: Searched before the package's (`--config-path`); None: no such place.
        own: Searched after the package's (`--config-dir`); None: no such place.
    """

    main: str | None = None
    own: str | None = None


def conf_dir() -> Path:
    """Return the folder of configurations: inside the installed package, or beside it in a checkout.

    Raises:
        ConfigError: The folder is in neither place.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "train.yaml").is_file():
            return folder
    raise ConfigError(f"{package}: the folder conf is missing in it and beside it; install the package again")


def choices(group: str) -> list[str]:
    """Return the choices of a config group of the package."""
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def groups() -> list[str]:
    """Return the config groups of the package that users choose from."""
    return sorted(path.name for path in conf_dir().iterdir() if path.is_dir() and path.name not in NOT_CHOSEN)
