"""The Weights & Biases logger: online if the user is logged in, else offline, so that a run never stops for a login."""

import inspect
from pathlib import Path
from typing import Any

import wandb
from lightning.pytorch.loggers import WandbLogger

from yowo.errors import ConfigError


def logged_in() -> bool:
    """Return whether W&B finds credentials: in its environment variables, settings files or netrc file.

    W&B itself searches, for the server that is set up (`wandb login --host`, WANDB_BASE_URL); it asks nobody, neither
    at the terminal nor over the network.

    Raises:
        ConfigError: There is a key that W&B does not accept.
    """
    try:
        if "prompt" in inspect.signature(wandb.login).parameters:
            return bool(wandb.login(prompt=False, verify=False))
        return wandb.api.api_key is not None  # W&B before 0.31
    except (wandb.errors.AuthenticationError, ValueError) as error:
        words = " ".join(str(error).split())
        raise ConfigError(
            f"the key of Weights & Biases is invalid ({words}); log in again with wandb login --relogin, set "
            "WANDB_MODE=offline, or choose another logger, as in logger=[csv]"
        ) from error


def wandb_logger(
    save_dir: str, project: str = "yowo", name: str | None = None, mode: str | None = None, **options: Any
) -> WandbLogger:
    """Make a Weights & Biases logger.

    Args:
        save_dir: Folder for the run's files; created if it does not exist.
        project: W&B project.
        name: Name of the run; None lets W&B choose one.
        mode: online, offline, disabled or shared; None: that of WANDB_MODE or of `wandb offline`, otherwise online if
            the user is logged in, else offline.
        options: Further arguments of the logger or of `wandb.init`, such as `tags`.

    Returns:
        The logger.

    Raises:
        ConfigError: There is a key that W&B does not accept.
    """
    Path(save_dir).mkdir(parents=True, exist_ok=True)
    return WandbLogger(
        name=name, save_dir=save_dir, project=project, mode=mode or _usual_mode(), log_model=False, **options
    )


def _usual_mode() -> str:
    chosen = str(wandb.setup().settings.mode)
    if chosen != "online":
        return chosen
    return "online" if logged_in() else "offline"
