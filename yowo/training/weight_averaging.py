"""The moving average of the weights, whose decay may grow at first."""

import math
from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import EMAWeightAveraging
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn


class RampedEMAWeightAveraging(EMAWeightAveraging):
    """Exponential moving average of weights and statistics, which is evaluated and saved.

    With a ramp the decay is `decay` x (1 - exp(-steps / `ramp`)), so that the first, bad weights are soon forgotten;
    the average begins with the weights before the first step. Without one it begins with those after it.
    """

    def __init__(self, decay: float = 0.998, ramp: float = 0.0, **options: Any) -> None:
        """Store the arguments.

        Args:
            decay: Share of the average that stays in a step of the optimizer, 0..1.
            ramp: Steps of the optimizer after which the decay has grown to 63 % of its value; 0: the full decay from
                the first step on.
            options: Further arguments of Lightning's `EMAWeightAveraging`.
        """
        super().__init__(decay=decay, **options)
        self.decay, self.ramp = decay, ramp
        self._steps = 0
        del self._kwargs["avg_fn"]  # it goes over the tensors one by one
        self._kwargs["multi_avg_fn"] = self._average

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Make the average; with a ramp it counts the present weights."""
        super().setup(trainer, pl_module, stage)
        if self.ramp and self._average_model is not None:
            self._average_model.n_averaged.fill_(1)

    @property
    def state_key(self) -> str:
        """The name of its state in checkpoints, that of Lightning's class, which earlier versions used."""
        return EMAWeightAveraging.__qualname__

    @property
    def decay_now(self) -> float:
        """The decay of the current step, 0..1."""
        return self.decay * (1 - math.exp(-self._steps / self.ramp)) if self.ramp else self.decay

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Update the average after a step of the optimizer."""
        self._steps = trainer.global_step
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)

    def _average(self, averages: list[Tensor], current: list[Tensor], count: Tensor | int) -> None:
        """Update tensors of one type and device in place."""
        if averages[0].is_floating_point():
            cast(Any, get_ema_multi_avg_fn)(self.decay_now)(averages, current, count)
        else:  # numbers of batches
            for average, value in zip(averages, current, strict=True):
                average.copy_(value)
