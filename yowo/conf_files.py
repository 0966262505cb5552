"""Where the configurations are, for those who read a single value without composing them."""

from pathlib import Path

from yowo.errors import ConfigError


def conf_dir() -> Path:
    """Return the folder of configurations: inside an installed wheel, or beside the package in a checkout.

    Raises:
        ConfigError: Neither is there.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "train.yaml").is_file():
            return folder
    raise ConfigError(f"{package}: its conf folder is missing; install the package again")
