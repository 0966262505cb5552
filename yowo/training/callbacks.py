"""What happens around training: warm-up of the rate, and AP by class in the logs."""

import math
import time
from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import WandbLogger
from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR

from yowo.errors import ConfigError

"""The overlap at which AP is reported by class."""


class Warmup(Callback):
    """Linear warm-up over the first batches, on top of whatever rate the scheduler asks for.

    The rate is scaled only while the optimizer steps, so no scheduler ever sees it. Batches are counted as the
    released code counts them: before accumulation.
    """

    def __init__(self, batches: int = 0, start: float = 0.00066667) -> None:
        """Rise from the share `start` of the rate to all of it over `batches` batches; 0 switches it off."""
        self.batches, self.start = batches, start
        self.seen = 0
        self._rates: list[float] = []

    @property
    def share(self) -> float:
        """Share of the rate that the next step takes, 0..1."""
        done = min(1.0, self.seen / self.batches) if self.batches else 1.0
        return self.start * (1 - done) + done

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Hook into the optimizers' steps."""
        for optimizer in trainer.optimizers:
            optimizer.register_step_pre_hook(self._scale)
            optimizer.register_step_post_hook(self._restore)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the batch."""
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

    def state_dict(self) -> dict[str, int]:
        """Remember how many batches were seen."""
        return {"seen": self.seen}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Go on from there."""
        self.seen = state_dict["seen"]


class TimeBudget(Callback):
    """Lets a one-cycle schedule end on time on a slow machine: it moves ahead with the clock where steps lag behind.

    Where the machine keeps up, nothing changes and a run depends on its seed alone.
    """

    def __init__(self, seconds: float) -> None:
        """Give training `seconds` from its first batch on."""
        self.seconds = seconds
        self._begin = 0.0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock.

        Raises:
            ConfigError: The schedule is not a one-cycle schedule.
        """
        if not all(isinstance(c.scheduler, OneCycleLR) for c in trainer.lr_scheduler_configs):
            raise ConfigError("callbacks.budget: only schedule=one_cycle can be shortened; set callbacks.budget=null")
        self._begin = time.perf_counter()

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Move the schedule ahead; stop where it has ended."""
        spent = (time.perf_counter() - self._begin) / self.seconds
        for config in trainer.lr_scheduler_configs:
            scheduler = cast(OneCycleLR, config.scheduler)
            due = int(spent * scheduler.total_steps)
            scheduler.last_epoch = min(max(scheduler.last_epoch, due), scheduler.total_steps - 2)
        if spent >= 1:
            trainer.should_stop = True


class ClassAP(Callback):
    """Logs the AP of every class after each validation: `val/ap/<class>`; in W&B as a table as well."""

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log what the metric holds."""
        first = next(iter(cast(Any, pl_module).metrics["val"].values()))
        by_class: dict[str, float] = next(iter(first.per_class().values()), {})
        known = {name: ap for name, ap in by_class.items() if not math.isnan(ap)}
        if trainer.sanity_checking or not known or not trainer.is_global_zero:
            return
        for logger in trainer.loggers:
            logger.log_metrics({f"val/ap/{name}": ap for name, ap in known.items()}, step=trainer.global_step)
            if isinstance(logger, WandbLogger):
                logger.log_table("val/ap_by_class", ["class", "AP"], [[name, ap] for name, ap in known.items()])
