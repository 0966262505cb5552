"""Gives every logger the configuration of the run."""

from collections.abc import Mapping
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback


class RunConfiguration(Callback):
    """Logs configuration and versions at the start: W&B's configuration, hparams.yaml of TensorBoard and csv."""

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        """Store the configuration, plain containers."""
        self.configuration = dict(configuration)

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log it; loggers do so in the first process only."""
        for logger in trainer.loggers:
            logger.log_hyperparams(self.configuration)
            logger.save()
