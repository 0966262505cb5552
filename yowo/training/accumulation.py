"""Which batches a step of the optimizer adds up, where that is not Lightning's rule."""

from typing import Any, Literal, cast

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from yowo.training.joint_loss import over_processes, processes

Rule = Literal["whole", "released", "carried"]
ENTRY = "gradients"
"""Key below `yowo` in a checkpoint: gradients of batches whose step has not come yet, by name of the parameter."""


def steps_after(rule: Rule, batches: int, batch: int, seen: int) -> bool:
    """Return whether the optimizer steps after a batch.

    Args:
        rule: "released" or "carried", see `Accumulation`.
        batches: Batches a step, `trainer.accumulate_grad_batches`.
        batch: Number of the batch in its epoch, from 0.
        seen: Batches before it, of all epochs.

    Examples:
        >>> [seen for seen in range(12) if steps_after("released", 4, seen % 6, seen)]  # two epochs of six batches
        [0, 4, 8]
        >>> [seen for seen in range(12) if steps_after("carried", 4, seen % 6, seen)]
        [3, 9]
    """
    return (seen if rule == "released" else batch + 1) % batches == 0


class Accumulation(Callback):
    """The rule by which `trainer.accumulate_grad_batches`, n, makes steps of batches.

    - `whole`: the batches of an epoch n by n; its last step has those that are left, and is their mean.
    - `released`: a step after the batches 0, n, 2n, ... of the whole training, as in the code of YOWO-Plus, YOWOv2 and
      YOWOF: the first one is of a single batch. Each batch counts 1/n, the single one too; gradients that are left over
      at the end of an epoch go into the next one's first step, and those at the end of training are lost.
    - `carried`: the batches of an epoch n by n, as in YOWOv3's code; those that are left over go into the first step
      of the next epoch, which then has more than n.

    Gradients that wait for their step are part of a checkpoint, so that a training goes on exactly.
    """

    def __init__(self, rule: Rule = "whole") -> None:
        """Store the rule."""
        self.rule = rule
        self._waiting: dict[str, Tensor] | None = None
        self._stepped = 0

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Put the rule in the place of Lightning's."""
        if stage != "fit" or self.rule == "whole":
            return
        epoch = trainer.fit_loop.epoch_loop

        def accumulates() -> bool:
            progress = epoch.batch_progress
            batch, seen = progress.current.ready - 1, progress.total.ready - 1
            return not steps_after(self.rule, trainer.accumulate_grad_batches, batch, seen)

        cast(Any, epoch)._should_accumulate = accumulates
        cast(Any, pl_module).loss.as_it_comes = True

    def on_load_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Keep the gradients of a checkpoint until training starts."""
        self._waiting = checkpoint.get("yowo", {}).get(ENTRY)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Put the gradients of a checkpoint in their places."""
        waiting, self._waiting = self._waiting or {}, None
        self._stepped = trainer.global_step
        if self.rule == "whole":
            return
        for name, parameter in pl_module.named_parameters():
            parameter.grad = waiting[name].to(parameter) if name in waiting and parameter.requires_grad else None

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Clear the gradients after a step."""
        if self.rule != "whole" and trainer.global_step != self._stepped:
            self._stepped = trainer.global_step
            for optimizer in trainer.optimizers:
                optimizer.zero_grad()

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Store the gradients that wait for their step, as the mean over the processes; all of these call this."""
        if self.rule == "whole" or "loops" not in checkpoint:
            return
        with torch.no_grad():
            kept = {
                name: over_processes(parameter.grad.clone()) / processes()
                for name, parameter in pl_module.named_parameters()
                if parameter.grad is not None
            }
        if kept:
            checkpoint.setdefault("yowo", {})[ENTRY] = kept
