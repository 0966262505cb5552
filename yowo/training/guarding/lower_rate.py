"""Lowers the learning rate of a training for good, in the optimizers and in the schedulers that compute it."""

from typing import Any

import lightning as L

IN_GROUPS = ("lr", "initial_lr", "max_lr", "min_lr")
"""Entries of a parameter group that schedulers compute rates from."""


def lower_rates(trainer: L.Trainer, factor: float) -> None:
    """Multiply all learning rates, also later ones of the schedule; checkpoints then store the lower ones.

    Args:
        trainer: In training, after it has restored optimizers and schedulers.
        factor: Factor of the rates, above 0.
    """
    for optimizer in trainer.optimizers:
        for group in optimizer.param_groups:
            group.update({name: group[name] * factor for name in IN_GROUPS if group.get(name) is not None})
    for config in trainer.lr_scheduler_configs:
        _lower(config.scheduler, factor)


def _lower(scheduler: Any, factor: float) -> None:
    for name in ("base_lrs", "_last_lr"):
        if hasattr(scheduler, name):
            setattr(scheduler, name, [rate * factor for rate in getattr(scheduler, name)])
    for part in getattr(scheduler, "_schedulers", ()):  # several schedules, one after another or together
        _lower(part, factor)
