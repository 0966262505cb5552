"""Ends a training that a search of hyper-parameters has no use for: after a validation, by the search's own rule."""

import math
from collections.abc import Callable
from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import Callback

from yowo.errors import PrunedError

Reported = Callable[[float, int], bool]
"""Takes the metric and the epoch of a validation, counted from 1; returns whether the training is to end."""


class PruneTrial(Callback):
    """Reports the monitored metric after each validation, and ends the training if the search says so.

    The training ends as after its last epoch, so that checkpoints and logs are whole; `raise_if_pruned` then tells.
    """

    def __init__(self, report: Reported) -> None:
        """Store where to report; only the first process of a run calls it."""
        self.report = report
        self.monitor = ""
        self.pruned_at: tuple[float, int] | None = None

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Report the metric; a number that is none is left to the guards of the training."""
        if trainer.sanity_checking or trainer.state.fn != "fit":
            return
        checkpoint: Any = trainer.checkpoint_callback
        self.monitor = str(getattr(checkpoint, "monitor", None) or "")
        value = float(trainer.callback_metrics.get(self.monitor, math.nan))
        epoch = trainer.current_epoch + 1
        ends = trainer.is_global_zero and math.isfinite(value) and self.report(value, epoch)
        if epoch == trainer.max_epochs:  # what is left costs nothing
            return
        if trainer.strategy.reduce_boolean_decision(bool(ends), all=False):
            self.pruned_at = (value, epoch)
            trainer.should_stop = True


def raise_if_pruned(trainer: L.Trainer) -> None:
    """Tell that a search has ended the training of a Trainer.

    Raises:
        PrunedError: It has.
    """
    for callback in cast(Any, trainer).callbacks:
        if isinstance(callback, PruneTrial) and callback.pruned_at is not None:
            value, epoch = callback.pruned_at
            raise PrunedError(f"{callback.monitor} was {value:.4g} at epoch {epoch}, where other trials were better")
