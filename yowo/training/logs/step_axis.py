"""The x-axis of everything that is logged: the number of optimizer steps done, and the epoch."""

from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from lightning.pytorch.utilities.types import STEP_OUTPUT


def is_due(trainer: L.Trainer) -> bool:
    """Return whether Lightning logs a row of training after the step that was just taken.

    To be called when a batch has ended; `trainer.log_every_n_steps` counts optimizer steps.
    """
    every = int(trainer.log_every_n_steps)  # type: ignore[attr-defined]
    regular = every > 0 and trainer.global_step % every == 0
    return regular or trainer.should_stop or bool(trainer.fast_dev_run)  # type: ignore[attr-defined]


def will_be_due(trainer: L.Trainer) -> bool:
    """Return whether a row of training is due after the next optimizer step; to be called before it."""
    every = int(trainer.log_every_n_steps)  # type: ignore[attr-defined]
    regular = every > 0 and (trainer.global_step + 1) % every == 0
    return regular or trainer.should_stop or bool(trainer.fast_dev_run)  # type: ignore[attr-defined]


def log_row(module: L.LightningModule, values: dict[str, float]) -> None:
    """Put numbers into the row that Lightning logs after the present batch, or after the present evaluation.

    Args:
        module: The module; `log` must be allowed in the hook that calls this.
        values: Numbers by name. They stay float64 on the CPU: a learning rate of 0.0001 is logged as such, and no
            device is waited for.
    """
    for name, value in values.items():
        module.log(name, torch.tensor(value, dtype=torch.float64), batch_size=1)


class StepAxis(Callback):
    """Logs `step`, which Lightning takes as the x-axis of all loggers: `trainer.global_step`, the optimizer steps done.

    Without it Lightning counts from 0 in training rows, and a validation stands one step before the weights that it
    is of. With it the losses of the n-th step, the validation after it, pictures and tables all stand at step n. The
    epoch, counted from 0, is beside it.
    """

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int
    ) -> None:
        """Log the axis of a row of training, if there will be one."""
        if is_due(trainer):
            log_row(pl_module, _axis(trainer))

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the axis of a validation."""
        log_row(pl_module, _axis(trainer))

    def on_test_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the step of a test; after training, the number of the epoch is that of one that never began."""
        log_row(pl_module, {"step": trainer.global_step})


def _axis(trainer: L.Trainer) -> dict[str, float]:
    return {"step": trainer.global_step, "epoch": trainer.current_epoch}


class LearningRates(LearningRateMonitor):
    """Logs the learning rates that a step was taken with, in the row of its losses; names as `LearningRateMonitor`."""

    def on_train_batch_start(self, trainer: L.Trainer, *args: Any, **kwargs: Any) -> None:
        """Note the rates before the step, because schedulers change them when it is done."""
        wanted = self.logging_interval != "epoch" and will_be_due(trainer)
        self._noted = self._extract_stats(trainer, "any") if wanted else {}

    def on_train_epoch_start(self, trainer: L.Trainer, *args: Any, **kwargs: Any) -> None:
        """Log the rates of an epoch at its first step, if they are logged by epoch only."""
        if self.logging_interval == "epoch":
            for logger in trainer.loggers:
                logger.log_metrics(self._extract_stats(trainer, "any"), step=trainer.global_step)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int
    ) -> None:
        """Log the rates of the step."""
        if self._noted and is_due(trainer):
            log_row(pl_module, self._noted)
