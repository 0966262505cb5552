"""Training callbacks: learning-rate warm-up and a time budget."""

import time
from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import Callback
from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR

from yowo.errors import ConfigError


class Warmup(Callback):
    """Linear warm-up of the learning rate over the first batches, or steps, on top of the scheduler's rate.

    The rate is scaled only during the optimizer's step, so schedulers do not see the change. Batches are counted by the
    released code of YOWO-Plus, YOWOF and YOWOv2: in batch i, from 0, the factor is `start` (1 - i / batches) + i /
    batches. Steps of the optimizer by YOWOv3's: in step n, from 1, of the first epoch it is n / steps.
    """

    def __init__(self, batches: int = 0, start: float = 0.00066667, steps: int = 0) -> None:
        """Store the arguments.

        Args:
            batches: Number of batches until the full rate is reached; 0 disables the warm-up.
            start: Factor of the rate at the first batch, 0..1.
            steps: Number of steps until the full rate is reached, or the first epoch ends, in the place of `batches`.

        Raises:
            ConfigError: Both batches and steps are given.
        """
        if batches and steps:
            raise ConfigError(
                f"schedule.warmup_steps={steps}: schedule.warmup_batches={batches} is given too; set one of them to 0"
            )
        self.batches, self.start, self.steps = batches, start, steps
        self.seen = 0
        self._first_epoch = True
        self._rates: list[float] = []

    @property
    def share(self) -> float:
        """Factor of the learning rate in the next step, 0..1."""
        if self.steps:
            return min(1.0, (self.seen + 1) / self.steps) if self._first_epoch else 1.0
        done = min(1.0, self.seen / self.batches) if self.batches else 1.0
        return self.start * (1 - done) + done

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Register hooks that scale the rate during the optimizers' steps."""
        for optimizer in trainer.optimizers:
            optimizer.register_step_pre_hook(self._scale)
            optimizer.register_step_post_hook(self._restore)

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note which epoch it is."""
        self._first_epoch = trainer.current_epoch == 0

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the batch, and log the factor of the last step."""
        if self.steps:
            if self._first_epoch and self.seen <= self.steps:
                pl_module.log("train/warmup", self.seen / self.steps)
            return
        if self.seen < self.batches:
            pl_module.log("train/warmup", self.share)
        self.seen += 1

    def _scale(self, optimizer: Optimizer, *_: Any) -> None:
        self._rates = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * self.share

    def _restore(self, optimizer: Optimizer, *_: Any) -> None:
        for group, rate in zip(optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate
        if self.steps:
            self.seen += 1

    def state_dict(self) -> dict[str, int]:
        """Return the number of batches, or steps, so far, for the checkpoint."""
        return {"seen": self.seen}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Restore the number from a checkpoint."""
        self.seen = state_dict["seen"]


class TimeBudget(Callback):
    """Ends a one-cycle schedule in time on a slow machine: the schedule skips steps when it is behind the clock.

    On a machine that is fast enough nothing changes, and the result depends only on the seed. Whichever ends training,
    the last steps have the last rates of the schedule. An interrupted training goes on with the time that was left.

    Attributes:
        ended: Whether the time ended training before its last step.
    """

    key = "callbacks.budget"
    """What to set to null to do without, for messages."""
    clock = staticmethod(time.perf_counter)

    def __init__(self, seconds: float) -> None:
        """Store the budget.

        Args:
            seconds: Time for training in seconds, from the start of training.
        """
        self.seconds = seconds
        self.ended = False
        self._begin = self._before = 0.0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock.

        Raises:
            ConfigError: A scheduler is not a one-cycle scheduler.
        """
        if not all(isinstance(c.scheduler, OneCycleLR) for c in trainer.lr_scheduler_configs):
            raise ConfigError(f"{self.key}: only schedule=one_cycle can be shortened; set {self.key}=null")
        self._begin = self.clock() - self._before

    @property
    def elapsed(self) -> float:
        """Seconds that are spent, those before an interruption included."""
        return self.clock() - self._begin

    @property
    def spent(self) -> float:
        """Share of the time that is over, 0 at the start of training."""
        return self.elapsed / self.seconds

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Advance the schedule to the elapsed share of the time; stop training when the time is over."""
        spent = self.spent
        for config in trainer.lr_scheduler_configs:
            scheduler = cast(OneCycleLR, config.scheduler)
            due = int(spent * scheduler.total_steps)
            scheduler.last_epoch = min(max(scheduler.last_epoch, due), scheduler.total_steps - 2)
        if spent >= 1:
            trainer.should_stop = self.ended = True

    def state_dict(self) -> dict[str, float]:
        """Return the seconds that are spent, for the checkpoint."""
        return {"seconds": self.elapsed}

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Restore the seconds that were spent from a checkpoint."""
        self._before = state_dict["seconds"]


def time_budgets(trainer: L.Trainer) -> list[TimeBudget]:
    """Return the time budgets among a Trainer's callbacks."""
    return [callback for callback in cast(Any, trainer).callbacks if isinstance(callback, TimeBudget)]
