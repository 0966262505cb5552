"""The loggers of a run, which go on where those of an earlier process of it stopped."""

from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig

from yowo.commands.records import record_logs, run_folder
from yowo.commands.run_folder import folder_of, read_record
from yowo.config.build_training import build_loggers
from yowo.config.checkpoint import stored_places
from yowo.training.continued_logs import LogPlaces, continue_logs, name_wandb_run

NOTHING_KEPT: dict[str, Any] = {"csv_rows": 0, "step": -1}
"""Places in the logs of a run that begins anew in its folder."""


def run_loggers(config: DictConfig) -> tuple[list[Logger], LogPlaces]:
    """Build the loggers of a run.

    Args:
        config: Configuration of `yowo train`. With `resume` from the run's own folder its logs go on; a run that begins
            in another folder has logs of its own.

    Returns:
        The loggers, and the callback that stores in checkpoints how far they are.
    """
    loggers, folder = build_loggers(config), run_folder()
    if config.get("resume") is None:
        continue_logs(loggers, NOTHING_KEPT)
        places: dict[str, Any] = {}
    elif folder_of(Path(config.resume)) == folder.resolve():
        places = dict(stored_places(config.resume) or {})
        continue_logs(loggers, places, read_record(folder).get("wandb_id"))
    else:
        places = {}
    if (identity := name_wandb_run(loggers)) is not None:
        record_logs(identity)
    return loggers, LogPlaces(places)
