"""Writes into each checkpoint which run it is of, so that training goes on without anything repeated."""

from collections.abc import Mapping
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback


class RememberedRun(Callback):
    """Stores a run in its checkpoints, under `yowo` and `run`."""

    def __init__(self, run: Mapping[str, Any]) -> None:
        """Store the run.

        Args:
            run: Its whole configuration and what was typed for it, in plain containers.
        """
        self.run = dict(run)

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Add the run to a checkpoint."""
        checkpoint.setdefault("yowo", {})["run"] = self.run
