"""The Weights & Biases logger: online if the user is logged in, else offline, so that a run never stops for a login."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import wandb

from yowo.errors import ConfigError
from yowo.training.logs.wandb_run import WandbRun

MODES = ("online", "offline", "disabled", "shared")
MOST_OF_A_TAG = 64
"""Characters; W&B refuses a longer tag."""


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
    save_dir: str,
    project: str = "yowo",
    entity: str | None = None,
    name: str | None = None,
    group: str | None = None,
    tags: Sequence[str] = (),
    notes: str | None = None,
    mode: str | None = None,
    log_model: bool = False,
    **options: Any,
) -> WandbRun:
    """Make a Weights & Biases logger.

    Args:
        save_dir: Folder for the run's files; created if it does not exist.
        project: W&B project.
        entity: Team or user that the project belongs to; None: the user's own.
        name: Name of the run; None lets W&B choose one.
        group: Runs with the same group are shown together.
        tags: Words to find the run by, at most 64 characters each.
        notes: A longer text about the run.
        mode: online, offline, disabled or shared; None: that of WANDB_MODE or of `wandb offline`, otherwise online if
            the user is logged in, else offline.
        log_model: Whether the best checkpoint becomes an artifact of the run.
        options: Further arguments of the logger or of `wandb.init`, such as `id`.

    Returns:
        The logger.

    Raises:
        ConfigError: There is a key that W&B does not accept, or a mode that it does not know.
    """
    if mode is not None and mode not in MODES:
        raise ConfigError(f"logger.wandb.mode={mode}: expected {', '.join(MODES)} or null")
    Path(save_dir).mkdir(parents=True, exist_ok=True)
    words = [str(tag)[:MOST_OF_A_TAG] for tag in dict.fromkeys(tags) if str(tag)]
    return WandbRun(
        log_model=log_model,
        name=name,
        save_dir=save_dir,
        project=project,
        entity=entity,
        group=group,
        job_type="train",
        tags=words,
        notes=notes,
        mode=mode or _usual_mode(),
        **options,
    )


def _usual_mode() -> str:
    chosen = str(wandb.setup().settings.mode)
    if chosen != "online":
        return chosen
    return "online" if logged_in() else "offline"
