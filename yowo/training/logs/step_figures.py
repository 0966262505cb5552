"""What a run costs and how it goes: norm of the gradient, clips per second, waiting for data, memory of the GPU."""

import math
import time
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.types import STEP_OUTPUT
from torch.optim import Optimizer

from yowo.contracts import ClipBatch
from yowo.training.logs.step_axis import is_due, log_row, will_be_due

GIB = 2**30


class StepFigures(Callback):
    """Logs figures in the rows of the training losses; the device is waited for only where Lightning waits anyway.

    `train/grad_norm`: L2 norm of all gradients before clipping, of the step that the row is of.
    `train/clips_per_s`: clips per second on all devices since the row before, without validations.
    `train/data_wait`: share 0..1 of that time in which the network had no batch: decoding, the copy to the device and
    augmentation.
    `train/gpu_memory_gib`: most memory that tensors have had on the GPU of the first process, in GiB.
    """

    def __init__(self) -> None:
        """Start without a step."""
        self._norm: torch.Tensor | None = None
        self._clips, self._waited, self._begin = 0, 0.0, math.nan
        self._mark = math.nan
        self._paused = math.nan
        self._row = -1

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock; what lies between epochs does not count."""
        self._mark = time.perf_counter()
        self._restart()

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Note how long the batch was waited for."""
        self._waited += time.perf_counter() - self._mark

    def on_before_optimizer_step(self, trainer: L.Trainer, pl_module: L.LightningModule, optimizer: Optimizer) -> None:
        """Compute the norm of the gradient of a step that will be logged, before it is clipped."""
        if will_be_due(trainer):
            gradients = [p.grad.detach() for p in pl_module.parameters() if p.grad is not None]
            self._norm = torch.nn.utils.get_total_norm(gradients) if gradients else None

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: STEP_OUTPUT, batch: Any, batch_idx: int
    ) -> None:
        """Count the clips; log the figures if a row is due."""
        now = time.perf_counter()
        self._clips += len(batch.targets) if isinstance(batch, ClipBatch) else 1
        self._mark = now
        if not is_due(trainer) or trainer.global_step == self._row:
            return
        self._row = trainer.global_step
        passed = max(now - self._begin, 1e-9)
        figures = {
            "train/clips_per_s": self._clips * trainer.world_size / passed,
            "train/data_wait": min(1.0, self._waited / passed),
        }
        device = trainer.strategy.root_device
        if device.type == "cuda":
            figures["train/gpu_memory_gib"] = torch.cuda.max_memory_allocated(device) / GIB
        log_row(pl_module, figures)
        if self._norm is not None:
            pl_module.log("train/grad_norm", self._norm.float(), batch_size=1)
            self._norm = None
        self._restart()

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Stop the clock."""
        self._paused = time.perf_counter()

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Let the clock go on."""
        pause = time.perf_counter() - self._paused
        self._begin += pause
        self._mark += pause

    def _restart(self) -> None:
        self._begin, self._clips, self._waited = self._mark, 0, 0.0
