"""A budget of CPU time for a training, so that networks can be compared after the same work."""

import logging
import time
from typing import Any

import lightning as L

from yowo.errors import ConfigError
from yowo.training.callbacks import TimeBudget

log = logging.getLogger(__name__)


class CPUBudget(TimeBudget):
    """Ends training after some minutes of CPU time of this process, all of its threads together.

    Reading data in this process counts; data workers, validations and tests do not. Other programs on the machine
    change the number of steps little. The learning rate runs through its one-cycle schedule by the share of the budget
    that is spent, or by the share of the steps of all epochs, whichever is further. An interrupted training goes on
    with what was left.
    """

    key = "cpu_minutes"
    clock = staticmethod(time.process_time)

    def __init__(self, minutes: float) -> None:
        """Store the budget.

        Args:
            minutes: CPU time for training, above 0.
        """
        super().__init__(60.0 * minutes)
        self._pause: float | None = None
        self._budget_before: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds that are spent, without validations."""
        return (self.clock() if self._pause is None else self._pause) - self._begin

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock.

        Raises:
            ConfigError: A scheduler is not a one-cycle scheduler, several processes train together, or the run began
                with another budget, through which its learning rate has run in part.
        """
        if trainer.world_size > 1:
            raise ConfigError(
                f"cpu_minutes: counts the time of one process, this run has {trainer.world_size}; set cpu_minutes=null"
            )
        if self._budget_before is not None and self._budget_before != self.seconds:
            raise ConfigError(
                f"cpu_minutes: the run began with {self._budget_before / 60:g}, which its learning rate follows; give "
                "the same number, or begin anew with weights=FILE"
            )
        super().on_train_start(trainer, pl_module)

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Stop the clock."""
        self._pause = self.clock()

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Let the clock go on."""
        if self._pause is not None:
            self._begin += self.clock() - self._pause
        self._pause = None

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Say in the log what ended training."""
        what = "cpu_minutes" if self.ended else "the last epoch"
        log.info("%s ended training: %.2f CPU minutes, %d steps", what, self.elapsed / 60, trainer.global_step)

    def state_dict(self) -> dict[str, float]:
        """Return the seconds that are spent and those of the budget, for the checkpoint."""
        return {**super().state_dict(), "budget": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the seconds that were spent from a checkpoint."""
        super().load_state_dict(state_dict)
        self._budget_before = state_dict["budget"]
