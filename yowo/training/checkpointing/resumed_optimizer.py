"""Applies to optimizer and schedule what was changed when a run goes on: its length, rates, batch size, or their kind.

Optimizers and schedulers take every number from a checkpoint. Without this callback a new `optimizer.lr` would be
ignored in silence, and a one-cycle schedule would end where the first run's was to end.
"""

import logging
import math
from collections.abc import Sequence
from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import Callback
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from yowo.errors import ConfigError

log = logging.getLogger(__name__)
KEY = "optimizer"
OF_THE_LENGTH = ("total_steps", "_schedule_phases")
"""What a one-cycle scheduler derives from the length of training."""


class ResumedOptimizer(Callback):
    """Stores in checkpoints how optimizer and schedule were made, and compares when training goes on from one."""

    def __init__(self) -> None:
        """Start without a checkpoint."""
        self._checkpoint: dict[str, Any] | None = None
        self._made: dict[str, Any] = {}

    def on_load_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Keep the checkpoint until optimizer and schedule are made; their states are loaded after that."""
        self._checkpoint = checkpoint

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Take out of a checkpoint what does not fit to the settings of now."""
        self._made = {
            "kinds": [type(part).__name__ for part in (*trainer.optimizers, *_schedulers(trainer))],
            "groups": [[_numbers(group) for group in optimizer.param_groups] for optimizer in trainer.optimizers],
        }
        checkpoint = self._checkpoint
        if checkpoint is None or not checkpoint.get("optimizer_states"):
            return
        before = checkpoint.get("yowo", {}).get(KEY)
        kinds = self._made["kinds"] if before is None else before["kinds"]
        if kinds != self._made["kinds"]:
            log.warning(
                "resume: %s was changed to %s, which begins anew", ", ".join(kinds), ", ".join(self._made["kinds"])
            )
            if kinds[0] != self._made["kinds"][0]:
                checkpoint["optimizer_states"] = []
            checkpoint["lr_schedulers"] = []
        for optimizer, state in zip(trainer.optimizers, checkpoint["optimizer_states"], strict=False):
            _check_groups(optimizer, state)
        for state in checkpoint.get("lr_schedulers", []):
            self._made.setdefault("steps_before", state.get("total_steps"))
            for name in OF_THE_LENGTH:
                state.pop(name, None)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Apply what was changed to what was loaded.

        Raises:
            ConfigError: A one-cycle schedule is used up.
        """
        checkpoint, self._checkpoint = self._checkpoint, None
        self._made["batches"] = _steps_of_an_epoch(trainer)
        if checkpoint is None:
            return
        before = checkpoint.get("yowo", {}).get(KEY) or self._made
        for optimizer, old, new in zip(trainer.optimizers, before["groups"], self._made["groups"], strict=False):
            for group, stored, made in zip(optimizer.param_groups, old, new, strict=False):
                _change(group, stored, made)
        for config in trainer.lr_scheduler_configs:
            scheduler = config.scheduler
            scheduler.base_lrs = [group["initial_lr"] for group in scheduler.optimizer.param_groups]
            if not checkpoint["lr_schedulers"]:
                _place(scheduler, trainer.global_step if config.interval == "step" else trainer.current_epoch)
            if isinstance(scheduler, OneCycleLR):
                self._fit_length(trainer, scheduler, before.get("batches"))

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Store how optimizer and schedule were made."""
        kept = {name: value for name, value in self._made.items() if name in ("kinds", "groups", "batches")}
        checkpoint.setdefault("yowo", {})[KEY] = kept

    def _fit_length(self, trainer: L.Trainer, scheduler: OneCycleLR, batches_before: int | None) -> None:
        """Let a one-cycle schedule end where training will: its length is set anew, its position stays.

        Raises:
            ConfigError: It is used up.
        """
        done, steps = scheduler.last_epoch, scheduler.total_steps
        batches = self._made["batches"]
        if trainer.max_epochs and trainer.max_epochs > 0 and batches_before not in (None, batches):
            progress = trainer.fit_loop.epoch_loop.batch_progress
            begun = 0 if progress.is_last_batch else progress.current.completed // trainer.accumulate_grad_batches
            left = batches * (trainer.max_epochs - trainer.current_epoch) - begun
            _scale(scheduler, done + max(left, 0))
        made = self._made.get("steps_before") or steps
        if done >= scheduler.total_steps:
            raise ConfigError(
                f"resume: the schedule one_cycle was made for {made} steps, {done} of them are done, and the training "
                f"is to have {scheduler.total_steps}; give a larger trainer.max_epochs, or another schedule such as "
                "schedule=ucf24"
            )
        if made != scheduler.total_steps:
            _set_rates(scheduler, scheduler.get_lr())
            log.info(
                "resume: the schedule one_cycle was made for %d steps and has %d now; it goes on at step %d",
                made,
                scheduler.total_steps,
                done,
            )


def _schedulers(trainer: L.Trainer) -> list[Any]:
    return [config.scheduler for config in trainer.lr_scheduler_configs]


def _steps_of_an_epoch(trainer: L.Trainer) -> int | None:
    batches = trainer.num_training_batches
    return math.ceil(batches / trainer.accumulate_grad_batches) if batches != float("inf") else None


def _numbers(group: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a parameter group as plain containers."""
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in group.items()}
    return {
        n: v for n, v in plain.items() if n != "params" and isinstance(v, (int, float, str, bool, list, type(None)))
    }


def _change(group: dict[str, Any], stored: dict[str, Any], made: dict[str, Any]) -> None:
    """Give a loaded parameter group the settings that differ between its first making and now.

    A rate keeps its share of the first rate, which schedulers have brought it to.
    """
    for name, value in made.items():
        if name not in stored or stored[name] == value:
            continue
        if name == "lr" and stored["lr"]:
            group["lr"] = group["lr"] * value / stored["lr"]
        else:
            group[name] = tuple(value) if isinstance(group.get(name), tuple) else value


def _check_groups(optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Check that the state of an optimizer is of the same parameters.

    Raises:
        ConfigError: It is not.
    """
    ours = [len(group["params"]) for group in optimizer.param_groups]
    theirs = [len(group["params"]) for group in state["param_groups"]]
    if ours != theirs:
        raise ConfigError(
            f"resume: the optimizer has groups of {ours} parameters, that of the checkpoint {theirs}; train the same "
            "parts with the same groups of rates, or begin anew with weights=FILE"
        )


def _place(scheduler: LRScheduler, position: int) -> None:
    """Put a new scheduler at a position, with the rates that it has there."""
    scheduler.last_epoch, scheduler._step_count = position, position + 1
    closed = getattr(scheduler, "_get_closed_form_lr", None)
    if closed is not None:
        _set_rates(scheduler, closed())
    elif isinstance(scheduler, OneCycleLR) and position < scheduler.total_steps:
        _set_rates(scheduler, scheduler.get_lr())


def _set_rates(scheduler: LRScheduler, rates: Sequence[Any]) -> None:
    for group, rate in zip(scheduler.optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    scheduler._last_lr = [group["lr"] for group in scheduler.optimizer.param_groups]


def _scale(scheduler: OneCycleLR, steps: int) -> None:
    """Give a one-cycle schedule another number of steps; its phases keep their shares."""
    before = scheduler.total_steps
    scheduler.total_steps = steps
    for phase in cast(Any, scheduler)._schedule_phases:
        phase["end_step"] = (phase["end_step"] + 1) * steps / before - 1
