"""The loggers of a run, which go on where those of an earlier process of it stopped."""

from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig, OmegaConf

from yowo.commands.records import record_logs, run_folder
from yowo.commands.run_folder import folder_of, read_record
from yowo.config.build_training import build_loggers
from yowo.config.checkpoint import stored_places
from yowo.training.logs.continued_logs import LogPlaces, continue_logs, keep_wandb_names, name_wandb_run, wandb_names

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
        record = read_record(folder)
        continue_logs(loggers, places, record.get("wandb_id"))
        typed = OmegaConf.select(config, "logger.wandb", default={})
        names = {k: v for k, v in (record.get("wandb_names") or {}).items() if not typed.get(k)}
        keep_wandb_names(loggers, names)
    else:
        places = {}
    if (identity := name_wandb_run(loggers)) is not None:
        record_logs(identity, wandb_names(loggers))
    return loggers, LogPlaces(places)
