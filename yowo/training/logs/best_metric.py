"""The best value of the monitored metric, in every logger, and the checkpoint that has it as an artifact of W&B."""

import math
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger

SPLIT = "val/"
PREFIX = "best/"


class BestMetric(Callback):
    """Logs after each validation the best value so far of a metric, as `best/<metric>`, with its epoch and step.

    W&B's summary of the metric itself becomes its best value too, and the table of hyper-parameters in TensorBoard
    shows it. When training ends, or fails, W&B gets the checkpoint with it if `logger.wandb.log_model` is true.
    """

    def __init__(self, monitor: str, mode: str = "max") -> None:
        """Store the arguments.

        Args:
            monitor: The metric, such as "val/frame_map/0.5".
            mode: "max" if more is better, "min" if less is.
        """
        self.monitor, self.mode = monitor, mode
        self.best: dict[str, float] = {}
        self._shown = False

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Tell W&B which value of the metric counts."""
        for logger in _wandb_runs(trainer):
            logger.summarise(self.monitor, self.mode)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Compare with the best value so far; log the better one."""
        value = trainer.callback_metrics.get(self.monitor)
        if trainer.sanity_checking or value is None:
            return
        number = float(value)
        if math.isfinite(number) and (not self.best or self._is_better(number)):
            self.best = {"value": number, "epoch": trainer.current_epoch, "step": trainer.global_step}
        if not self.best or not trainer.is_global_zero:
            return
        name = PREFIX + self.monitor.removeprefix(SPLIT)
        row = {name: self.best["value"], f"{PREFIX}epoch": self.best["epoch"], f"{PREFIX}step": self.best["step"]}
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger) and not self._shown:  # the table knows a metric that is with it
                logger.log_hyperparams(logger.hparams, {name: self.best["value"]}, step=trainer.global_step)
            logger.log_metrics(row, step=trainer.global_step)
        self._shown = True

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the best checkpoint."""
        self._log_checkpoint(trainer)

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Log the best checkpoint so far of a run that fails; an interrupted one goes on later."""
        if isinstance(exception, Exception):
            self._log_checkpoint(trainer)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value so far, for the checkpoint."""
        return {"best": dict(self.best)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the best value from a checkpoint."""
        self.best = dict(state_dict["best"])

    def _is_better(self, value: float) -> bool:
        return value > self.best["value"] if self.mode == "max" else value < self.best["value"]

    def _log_checkpoint(self, trainer: L.Trainer) -> None:
        if not self.best or not trainer.is_global_zero:
            return
        for saved in trainer.checkpoint_callbacks:
            if isinstance(saved, ModelCheckpoint) and saved.monitor == self.monitor and saved.best_model_path:
                path = Path(saved.best_model_path)
                for logger in _wandb_runs(trainer):
                    metadata = {"metric": self.monitor, **self.best}
                    logger.log_checkpoint(path, ["best", f"epoch_{int(self.best['epoch'])}"], metadata)


def _wandb_runs(trainer: L.Trainer) -> list[Any]:
    """Return the loggers made by `wandb_logger`."""
    return [each for each in trainer.loggers if isinstance(each, WandbLogger) and hasattr(each, "log_checkpoint")]
