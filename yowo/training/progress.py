"""How far training and tests are: a bar on a terminal, and lines in the log, which is all that a log file shows."""

import logging
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback, RichProgressBar
from torch import Tensor

from yowo.data.datamodule import ClipDataModule
from yowo.progress import STEP, Clock, Lines, duration, on_terminal, values
from yowo.training.callbacks import time_budgets

log = logging.getLogger(__name__)
PARTS = ("box", "conf", "cls")
"""Terms of the loss, which lines leave out."""


class TerminalBar(RichProgressBar):
    """Lightning's progress bar, on terminals only."""

    def __init__(self, **options: Any) -> None:
        """Store the options, see Lightning's `RichProgressBar`."""
        super().__init__(**options)
        if not on_terminal():
            self.disable()


class ProgressLines(Callback):
    """Logs a line for each epoch, and now and then one within an epoch; in tests how many batches are done."""

    def __init__(self) -> None:
        """Start with nothing done."""
        self._clock = Clock()
        self._sum: Tensor | None = None
        self._count = 0
        self._epoch_begin = 0.0
        self._first_epoch = 0
        self._lines: Lines | None = None

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log what is ahead."""
        self._clock, self._first_epoch = Clock(), trainer.current_epoch
        if trainer.is_global_zero:
            epochs = "epochs without an end" if not _of(trainer) else _counted(trainer.max_epochs, "epoch")
            batches = f"{_counted(trainer.num_training_batches, 'batch', 'es')}{_clips(trainer)}"
            log.info("training: %s of %s, %s", epochs, batches, _device(trainer))

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin the mean of the loss."""
        self._sum, self._count, self._epoch_begin = None, 0, self._clock.seconds

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Add the loss of the batch; log a line if one is due."""
        loss = outputs.get("total", outputs.get("loss")) if isinstance(outputs, dict) else outputs
        if isinstance(loss, Tensor):
            self._sum = loss.detach() if self._sum is None else self._sum + loss.detach()
            self._count += 1
        if trainer.is_global_zero and self._clock.due():
            done = self._share(trainer, batch_idx + 1)
            epoch = f"epoch {trainer.current_epoch + 1}{_of(trainer)}"
            where = f"{epoch}, batch {batch_idx + 1} of {trainer.num_training_batches}"
            log.info("%s: %s%s", where, values(self._loss(trainer)), self._left(done), extra=STEP)

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the mean loss of the epoch and the metrics of its validation."""
        if not trainer.is_global_zero:
            return
        metrics = {
            name: float(value)
            for name, value in trainer.callback_metrics.items()
            if name.startswith("val/") and name.rpartition("/")[2] not in PARTS
        }
        took = duration(self._clock.seconds - self._epoch_begin)
        left = self._left(self._share(trainer, None))
        figures = values({**self._loss(trainer), **metrics})
        log.info("epoch %d%s: %s, %s%s", trainer.current_epoch + 1, _of(trainer), figures, took, left)

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Log a line if one is due."""
        if trainer.is_global_zero and not trainer.sanity_checking and self._clock.due():
            total = sum(int(n) for n in trainer.num_val_batches)
            log.info("validation: batch %d of %d", batch_idx + 1, total, extra=STEP)

    def on_test_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log how many batches are ahead."""
        if trainer.is_global_zero:
            self._lines = Lines("testing", sum(int(n) for n in trainer.num_test_batches), "batches")

    def on_test_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Log a line if one is due."""
        if self._lines is not None:
            self._lines.advance(batch_idx + 1)

    def on_test_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log how long the test took."""
        if self._lines is not None and self._lines.total is not None:
            self._lines.end(self._lines.total)
        self._lines = None

    def _loss(self, trainer: L.Trainer) -> dict[str, float]:
        """Return the mean loss of the epoch so far and the learning rate."""
        found = {} if self._sum is None else {"loss": float(self._sum) / self._count}
        if trainer.optimizers:
            found["lr"] = float(trainer.optimizers[0].param_groups[0]["lr"])
        return found

    def _share(self, trainer: L.Trainer, batches: int | None) -> float:
        """Return which share of this run is done, 0..1, by what ends it first; 0 if it has no end."""
        shares = [budget.spent for budget in time_budgets(trainer)]
        if trainer.max_steps > 0:
            shares.append(trainer.global_step / trainer.max_steps)
        if trainer.max_epochs and trainer.max_epochs > 0:
            in_epoch = 1.0 if batches is None else batches / max(1, float(trainer.num_training_batches))
            ahead = trainer.max_epochs - self._first_epoch
            shares.append((trainer.current_epoch - self._first_epoch + in_epoch) / max(1, ahead))
        return max(shares, default=0.0)

    def _left(self, done: float) -> str:
        if not 0 < done < 1:
            return ""
        return f", about {duration(self._clock.seconds * (1 - done) / done)} left"


def _of(trainer: L.Trainer) -> str:
    return f" of {trainer.max_epochs}" if trainer.max_epochs and trainer.max_epochs > 0 else ""


def _counted(number: float | None, what: str, plural: str = "s") -> str:
    return f"{number} {what}{'' if number == 1 else plural}"


def _clips(trainer: L.Trainer) -> str:
    """Return how many clips and key frames the splits have, in words; empty without a data module of ours."""
    data = getattr(trainer, "datamodule", None)
    if not isinstance(data, ClipDataModule):
        return ""
    held_out = "validated on them" if data.overfit_clips else f"{len(data.dataset('val')):,} key frames held out"
    return f" ({len(data.dataset('train')):,} clips), {held_out}"


def _device(trainer: L.Trainer) -> str:
    """Return where a trainer computes, in words."""
    count = "" if trainer.world_size == 1 else f"{trainer.world_size} x "
    return f"{count}{trainer.strategy.root_device.type}, precision {trainer.precision}"
