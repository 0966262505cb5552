"""Finds the configuration files: the folder conf/, its groups and their choices."""

from pathlib import Path

from yowo.errors import ConfigError

NOT_CHOSEN = {"hydra"}
"""Folders of conf/ that are not groups for users."""


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
    """Return the choices of a config group."""
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def groups() -> list[str]:
    """Return the config groups that users choose from."""
    return sorted(path.name for path in conf_dir().iterdir() if path.is_dir() and path.name not in NOT_CHOSEN)
