"""Weights & Biases without ceremony: online when logged in, offline otherwise, and never a reason to stop."""

import netrc
import os
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import WandbLogger


def logged_in() -> bool:
    """Tell whether W&B has a key: in WANDB_API_KEY or in the netrc file that `wandb login` writes."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    file = Path(os.environ.get("NETRC", Path.home() / ".netrc"))
    host = os.environ.get("WANDB_BASE_URL", "api.wandb.ai").removeprefix("https://").strip("/")
    try:
        return netrc.netrc(str(file)).authenticators(host) is not None
    except (OSError, netrc.NetrcParseError):
        return False


def wandb_logger(save_dir: str, project: str = "yowo", name: str | None = None, **options: Any) -> WandbLogger:
    """Make the logger.

    Args:
        save_dir: Folder of the run's files, made where it is missing.
        project: W&B project.
        name: Name of the run; W&B invents one.
        options: Further arguments of `wandb.init`, such as `tags`, or of the logger.

    Returns:
        A logger that is offline unless somebody is logged in; WANDB_MODE decides where it is set.
    """
    Path(save_dir).mkdir(parents=True, exist_ok=True)
    mode = os.environ.get("WANDB_MODE", "online" if logged_in() else "offline")
    return WandbLogger(name=name, save_dir=save_dir, project=project, mode=mode, log_model=False, **options)
