"""Where the configurations are, and which there are."""

from pathlib import Path

from yowo.errors import ConfigError

NOT_CHOSEN = {"hydra"}
"""Folders whose files users do not choose from."""


def conf_dir() -> Path:
    """Return the folder of configurations: inside an installed wheel, or beside the package in a checkout.

    Raises:
        ConfigError: Neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "train.yaml").is_file():
            return folder
    raise ConfigError(f"{package}: its conf folder is missing; install the package again")


def choices(group: str) -> list[str]:
    """Return the choices of a config group."""
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def groups() -> list[str]:
    """Return the config groups that users choose from."""
    return sorted(path.name for path in conf_dir().iterdir() if path.is_dir() and path.name not in NOT_CHOSEN)
