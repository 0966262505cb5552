"""Says after training on a few clips alone whether the network learned them."""

import logging
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback
from torch import Tensor

log = logging.getLogger(__name__)
LEARNED = 0.9
"""Least mAP of clips that were trained on alone at which a network has learned them."""
FELL = 0.5
"""Largest share of the first epoch's loss at which the loss fell."""


class OverfitReport(Callback):
    """Compares the loss of the first and last epoch, and the metric of the first and last validation."""

    def __init__(self, monitor: str) -> None:
        """Store what to compare.

        Args:
            monitor: Name of the metric, 0..1, larger is better.
        """
        self.monitor = monitor
        self.losses: list[float] = []
        self.scores: list[float] = []
        self._sum: Tensor | None = None
        self._count = 0

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Add the loss of a batch."""
        loss = (outputs["loss"] if isinstance(outputs, dict) else outputs).detach()
        self._sum = loss if self._sum is None else self._sum + loss
        self._count += 1

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note the mean loss of the epoch."""
        if self._sum is not None:
            self.losses.append(float(self._sum) / self._count)
        self._sum, self._count = None, 0

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note the metric."""
        if not trainer.sanity_checking and self.monitor in trainer.callback_metrics:
            self.scores.append(float(trainer.callback_metrics[self.monitor]))

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log what happened, and what it means."""
        if trainer.is_global_zero and self.losses:
            level, words = verdict(self.losses, self.scores, self.monitor)
            log.log(level, "%s", words)


def verdict(losses: list[float], scores: list[float], monitor: str) -> tuple[int, str]:
    """Say what losses and scores of clips that were trained on alone mean.

    Args:
        losses: Mean loss of each epoch, at least one.
        scores: The metric after each validation, 0..1.
        monitor: Its name.

    Returns:
        Level of the log, and one line.

    Examples:
        >>> verdict([8.0, 0.4], [0.1, 1.0], "mAP")[1]
        'overfit: the network learned these clips: loss 8 to 0.4 in 2 epochs, mAP 0.1 to 1'
    """
    figures = f"loss {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses)} epochs"
    if scores:
        figures += f", {monitor} {scores[0]:.3g} to {scores[-1]:.3g}"
    if not losses[-1] < FELL * losses[0]:
        advice = "look at the boxes with yowo data show, and find a rate with debug=lr_find"
        return logging.WARNING, f"overfit: the loss did not fall by half: {figures}; {advice}"
    if scores and not scores[-1] >= LEARNED:
        advice = "train longer, as in trainer.max_epochs=300; if it stays so, boxes or classes do not fit the clips"
        return logging.WARNING, f"overfit: the loss fell, but {monitor} is below {LEARNED}: {figures}; {advice}"
    return logging.INFO, f"overfit: the network learned these clips: {figures}"
