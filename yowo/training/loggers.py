"""The Weights & Biases logger: online if the user is logged in, else offline, so that a run never stops for a login."""

import netrc
import os
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import WandbLogger


def logged_in() -> bool:
    """Return whether W&B has an API key, in WANDB_API_KEY or in the netrc file that `wandb login` writes."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    file = Path(os.environ.get("NETRC", Path.home() / ".netrc"))
    host = os.environ.get("WANDB_BASE_URL", "api.wandb.ai").removeprefix("https://").strip("/")
    try:
        return netrc.netrc(str(file)).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def wandb_logger(save_dir: str, project: str = "yowo", name: str | None = None, **options: Any) -> WandbLogger:
    """Make a Weights & Biases logger.

    Args:
        save_dir: Folder for the run's files; created if it does not exist.
        project: W&B project.
        name: Name of the run; None lets W&B choose one.
        options: Further arguments of the logger or of `wandb.init`, such as `tags`.

    Returns:
        A logger in the mode of WANDB_MODE; if that is not set, online if the user is logged in, else offline.
    """
    Path(save_dir).mkdir(parents=True, exist_ok=True)
    mode = os.environ.get("WANDB_MODE", "online" if logged_in() else "offline")
    return WandbLogger(name=name, save_dir=save_dir, project=project, mode=mode, log_model=False, **options)
