"""Logs of a run that goes on: the same csv file, the same TensorBoard folder, the same run of Weights & Biases.

What the first process logged after the checkpoint was written is logged again, bit by bit the same, so that it must
not stand there twice: rows of the csv file are dropped, TensorBoard hides the old ones, and W&B, which forgets nothing,
gets only what it does not have.
"""

import csv
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import lightning as L
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger, WandbLogger
from lightning.pytorch.loggers.csv_logs import ExperimentWriter

from yowo.training.logs.wandb_files import STEP, logged_rows
from yowo.whole_file import whole_file

KEY = "logs"
NAMES = ("name", "group", "tags")
"""Arguments of W&B by which a run is found."""
ID_BYTES = 4
"""Length of the id of a run of W&B, whose own ones have 8 characters, too."""


class LogPlaces(Callback):
    """Stores in each checkpoint how far the logs are, and sees to it that they are on the disk as far as that."""

    def __init__(self, before: Mapping[str, Any] | None = None) -> None:
        """Store the places that the checkpoint tells which the run goes on from.

        Args:
            before: They stay those of logs that this process does not write.
        """
        self.before = dict(before or {})

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Log the row of the step that was just taken, which Lightning would log next, and note the places."""
        _log_first(trainer)
        places = {**self.before, "step": trainer.global_step}
        for logger in trainer.loggers if trainer.is_global_zero else ():
            if isinstance(logger, CSVLogger):
                logger.save()
                places["csv_rows"] = _count_rows(Path(cast(ExperimentWriter, logger.experiment).metrics_file_path))
            elif isinstance(logger, TensorBoardLogger):
                logger.experiment.flush()
            elif isinstance(logger, WandbLogger):
                places["wandb_id"] = logger.version
        checkpoint.setdefault("yowo", {})[KEY] = places


def continue_logs(loggers: Sequence[Logger], places: Mapping[str, Any], wandb_id: str | None = None) -> None:
    """Let loggers go on in the files of a run; before they are used for the first time.

    Args:
        loggers: The loggers of a run in the folder of the first process.
        places: What the checkpoint tells of the logs: `csv_rows`, and `step`, the optimizer steps done. What it does
            not tell stays as it is.
        wandb_id: The run of W&B; None: that of the checkpoint, if there is one.
    """
    if not _is_first():
        return
    for logger in loggers:
        if isinstance(logger, CSVLogger):
            _continue_csv(logger, places.get("csv_rows"))
        elif isinstance(logger, TensorBoardLogger) and any(Path(logger.log_dir).glob("events.out.tfevents.*")):
            logger._kwargs.setdefault("purge_step", places["step"] + 1 if "step" in places else None)
        elif isinstance(logger, WandbLogger) and (identity := wandb_id or places.get("wandb_id")):
            _continue_wandb(logger, identity)


def name_wandb_run(loggers: Sequence[Logger]) -> str | None:
    """Choose the id of a W&B run before it starts, so that its folder knows it whatever happens.

    Args:
        loggers: Loggers that were not used yet.

    Returns:
        The id; None without such a logger.
    """
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            if logger._id is None:
                logger._id = logger._wandb_init["id"] = os.environ.get("WANDB_RUN_ID") or secrets.token_hex(ID_BYTES)
            return str(logger._id)
    return None


def wandb_names(loggers: Sequence[Logger]) -> dict[str, Any]:
    """Return what the run of W&B is found by: `name`, `group` and `tags`; empty without such a logger."""
    found = [logger for logger in loggers if isinstance(logger, WandbLogger)]
    return {key: found[0]._wandb_init.get(key) for key in NAMES} if found else {}


def keep_wandb_names(loggers: Sequence[Logger], names: Mapping[str, Any]) -> None:
    """Give loggers that were not used yet the names of the run that they go on with."""
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            logger._wandb_init.update(names)


class _Continued(ExperimentWriter):
    """A writer that leaves the file of rows that is there."""

    def _check_log_dir_exists(self) -> None:
        path = Path(self.metrics_file_path)
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                self.metrics_keys = next(csv.reader(file), [])


def _continue_csv(logger: CSVLogger, rows: int | None) -> None:
    """Drop what a csv file has after its first rows, if their number is known, and let the logger append to it."""
    path = Path(logger.log_dir) / ExperimentWriter.NAME_METRICS_FILE
    if not path.is_file():
        return
    with path.open(newline="", encoding="utf-8") as file:
        kept = list(file) if rows is None else [line for _, line in zip(range(rows + 1), file, strict=False)]
    if len(kept) > 1:
        with whole_file(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
            file.writelines(kept)
    else:
        path.unlink()
    logger._experiment = _Continued(logger.log_dir)


def _count_rows(path: Path) -> int:
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        return max(0, sum(1 for _ in file) - 1)


def _continue_wandb(logger: WandbLogger, identity: str) -> None:
    """Give a logger the run that it goes on with, and leave out what this run has.

    Offline the earlier files tell what it has; online the server tells how far it is, and the files what the last row
    holds.
    """
    logger._id = logger._wandb_init["id"] = identity
    rows = logged_rows(Path(logger.save_dir or "."), identity)
    logger.log_metrics = NewRows(logger, rows)  # type: ignore[method-assign]


class NewRows:
    """Logs to a run of W&B what it does not have; takes the place of a logger's `log_metrics`.

    Attributes:
        shift: How much further W&B's own count of rows is than the steps. It has no meaning but the order of rows.
    """

    def __init__(self, logger: WandbLogger, rows: dict[int, tuple[int, set[str]]]) -> None:
        """Store what the run has.

        Args:
            logger: The logger.
            rows: By step, W&B's own number of the row and the names in it.
        """
        self.logger, self.rows, self.shift = logger, rows, 0
        self.last: int | None = None

    def __call__(self, metrics: Any, step: int | None = None) -> None:
        """Log a row.

        Args:
            metrics: Numbers and media by name.
            step: Optimizer steps done.
        """
        attempt = getattr(self.logger, "attempt", None)
        if attempt is None:  # a logger of Lightning's own class
            self._log(metrics, step)
        else:
            attempt(next(iter(metrics), "a row"), lambda: self._log(metrics, step))

    def _log(self, metrics: Any, step: int | None) -> None:
        if not _is_first():
            return
        run: Any = self.logger.experiment
        if self.last is None:
            told = int(getattr(run, "starting_step", 0) or 0) - 1  # online
            self.rows = {s: row for s, row in self.rows.items() if told < 0 or row[0] <= told}
            self.last = told if told >= 0 else max((number for number, _ in self.rows.values()), default=-1)
            self.told = told
        if step is None:
            run.log(dict(metrics))
            return
        number, names = self.rows.get(step, (-1, set()))
        new = {name: value for name, value in metrics.items() if name not in names}
        if not new or (step <= self.told and number < 0):  # the server has it, and no file tells what is in it
            return
        if step + self.shift <= self.last:
            self.shift = self.last + 1 - step
        run.log({**new, STEP: step}, step=step + self.shift)


def _log_first(trainer: L.Trainer) -> None:
    """Log the row of the step that was just taken before its checkpoint is written, where Lightning does it after.

    A run that goes on from the checkpoint takes the next step, so that the row would be lost.
    """
    progress: Any = trainer.fit_loop.epoch_loop.batch_progress.current
    connector: Any = trainer._logger_connector
    if (
        not trainer.training
        or progress.processed <= progress.completed
        or "update_train_step_metrics" in vars(connector)
    ):
        return
    connector.update_train_step_metrics()

    def _once() -> None:
        del connector.update_train_step_metrics

    connector.update_train_step_metrics = _once


def _is_first() -> bool:
    return not getattr(rank_zero_only, "rank", 0)
