"""The checkpoint that a training goes on from: after every epoch, every half hour, and when it is asked to end."""

import logging
import time
from pathlib import Path
from typing import Any, NamedTuple, cast

import lightning as L
from lightning.pytorch.callbacks import Callback, WeightAveraging
from lightning.pytorch.trainer.states import TrainerFn

from yowo.errors import YowoError
from yowo.training.checkpointing.averaged_constants import averaged_constants, restore_averaged_constants
from yowo.training.checkpointing.between_processes import Processes
from yowo.training.checkpointing.checkpoint_files import KEEP, LAST, WholeCheckpointIO, remove_unfinished
from yowo.training.checkpointing.epoch_place import Start, begin_at, to_keep
from yowo.training.checkpointing.loop_state import Place, align_steps, at_a_step, bring_into_form, place
from yowo.training.checkpointing.random_states import random_states, restore_random_states
from yowo.training.guarding.processes import stop_lightnings_watch

log = logging.getLogger(__name__)


class TrainingStopped(BaseException):
    """Ends a training that was asked to end, after its checkpoint; no `Exception`, so nothing handles it as an error.

    Attributes:
        signal: Number of the signal that asked, in whichever process it came.
    """

    def __init__(self, signal: int) -> None:
        """Store the number of the signal."""
        super().__init__(signal)
        self.signal = signal


class _Moment(NamedTuple):
    """What tells whether a checkpoint would hold anything new."""

    place: Place
    validated: bool
    step: int


class LastCheckpoint(Callback):
    """Writes `last.ckpt`, from which a training goes on as if it had never ended.

    It is written at the end of every epoch, whatever the metric does, and every so many minutes at a step of the
    optimizer or before a validation. It holds the random states of every process and the place in the epoch. Of several
    processes all do the same at the same step: one small message a step tells each what the others were asked.

    It has to be the first of the callbacks, so that what others log at the same moment is not in the log twice.
    """

    def __init__(self, folder: str, minutes: float | None = 30, keep: int = 2) -> None:
        """Store the arguments.

        Args:
            folder: Folder of the checkpoints.
            minutes: Minutes from one checkpoint within an epoch to the next; None: only at the end of epochs.
            keep: How many stay: `last.ckpt`, and those before it as `last.1.ckpt` and so on.
        """
        self.path, self.keep = Path(folder) / LAST, keep
        self.seconds = float("inf") if minutes is None else 60.0 * minutes
        self._asked = 0
        self._trains = False
        self._begin = 0.0
        self._saved: _Moment | None = None
        self._validated: Place | None = None
        self._loaded: dict[str, Any] = {}
        self._constants: dict[str, Any] = {}
        self._start = Start()
        self._before_validation: list[Any] | None = None
        self._averaged = self._resumed = False
        self._processes = Processes()

    def ask(self, signal: int) -> bool:
        """Ask the training to write its checkpoint and to end; safe in a signal handler.

        Args:
            signal: Number of the signal that is the reason.

        Returns:
            Whether it will; False if no training is in progress, so that nothing is to be kept.
        """
        if self._trains:
            self._asked = signal
        return self._trains

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Remove what killed processes have left."""
        if stage == "fit" and trainer.is_global_zero:
            for path in remove_unfinished(self.path.parent):
                log.info("%s: the rest of a checkpoint that was not finished, removed", path)

    def on_load_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Remember where the training was."""
        if trainer.state.fn == TrainerFn.FITTING:
            kept = checkpoint.get("yowo", {})
            self._loaded = {key: kept.get(key) for key in ("place", "random")}
            self._constants = kept.get("constants") or {}

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Tell the loader where to begin."""
        self._trains, self._begin = _is_real(trainer), time.monotonic()
        self._processes = Processes(trainer)
        restore_averaged_constants(trainer, self._constants)
        kept = self._loaded.get("place")
        self._resumed = kept is not None
        if kept:
            self._start = begin_at(trainer, kept)
            self._validated = place(trainer) if kept["validated"] else None
        self._saved = self._moment(trainer)

    def _go_on(self, trainer: L.Trainer) -> None:
        """Set the random generators as they were, in the first hook after all set-up."""
        states, self._loaded = self._loaded.get("random"), {}
        if states:
            device = trainer.strategy.root_device
            restore_random_states(states[trainer.global_rank % len(states)], device)

    def _align_steps(self, trainer: L.Trainer, before_validation: bool = False) -> None:
        """Set the step of the log once, before anything is logged."""
        if self._resumed:
            align_steps(trainer, before_validation)
        self._resumed = False

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the checkpoint of the epoch that has ended, now that all of it is logged."""
        self._go_on(trainer)
        self._rest(trainer, always=True)

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Write a checkpoint between two batches, if it is time."""
        self._align_steps(trainer)
        self._go_on(trainer)
        if at_a_step(trainer):
            self._rest(trainer)

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write a checkpoint before a validation, if it is time."""
        if not self._validates(trainer):
            return
        self._align_steps(trainer, before_validation=True)
        self._go_on(trainer)
        if at_a_step(trainer):
            self._rest(trainer)
        self._before_validation = self._random(trainer)

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note that averaged weights are in use from here on."""
        self._averaged = True

    def on_validation_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        """End if the run was asked to."""
        self._within_validation(trainer, pl_module)

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """End if the run was asked to, before metrics are computed, which can take long."""
        self._within_validation(trainer, pl_module)
        self._averaged = False

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note that this validation is done."""
        if self._validates(trainer):
            self._validated, self._before_validation = place(trainer), None

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the last checkpoint.

        Raises:
            YowoError: It cannot be written.
        """
        self._rest(trainer, always=True)
        self._trains = False
        failure = self._failure(trainer)
        if failure is not None:
            raise YowoError(f"{failure}: the end of training is not kept")

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Note that nobody can be asked any more."""
        self._trains = False

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Store where the training is and the random states, in this and in every other checkpoint of the run."""
        if trainer.state.fn != TrainerFn.FITTING or "loops" not in checkpoint:
            return
        here, validated, _ = self._moment(trainer)
        bring_into_form(checkpoint["loops"]["fit_loop"], here, validated)
        kept = to_keep(trainer, here, validated, self._start)
        random = self._before_validation or self._random(trainer)
        checkpoint.setdefault("yowo", {}).update(place=kept, random=random, constants=averaged_constants(trainer))

    def _rest(self, trainer: L.Trainer, always: bool = False) -> None:
        """Write a checkpoint if it is due or the run is asked to end, and end it then.

        Raises:
            TrainingStopped: The run was asked to end.
        """
        if not _is_real(trainer):
            return
        due: int = always or time.monotonic() - self._begin >= self.seconds
        asked, due = self._processes.greatest(self._asked, int(due))
        if (asked or due) and self._saved != self._moment(trainer):
            self._save(trainer)
        if asked:
            self._end(trainer, asked)

    def _within_validation(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        if not self._validates(trainer) or not _is_real(trainer) or not at_a_step(trainer):
            return
        (asked,) = self._processes.greatest(self._asked)
        if not asked:
            return
        if self._saved != self._moment(trainer):
            if self._averaged:
                for callback in trainer.callbacks:  # type: ignore[attr-defined]
                    if isinstance(callback, WeightAveraging):
                        callback.on_validation_epoch_end(trainer, module)  # puts the weights of training back
            self._save(trainer)
        self._end(trainer, asked)

    def _save(self, trainer: L.Trainer) -> None:
        for logger in trainer.loggers:
            logger.save()
        ours = isinstance(trainer.strategy.checkpoint_io, WholeCheckpointIO)
        trainer.save_checkpoint(self.path, weights_only=False, storage_options={KEEP: self.keep} if ours else None)
        self._begin = time.monotonic()
        if self._failure(trainer) is None:
            self._saved = self._moment(trainer)

    def _end(self, trainer: L.Trainer, signal: int) -> None:
        stop_lightnings_watch()
        trainer.strategy.barrier("yowo.training.checkpointing.checkpoints")
        raise TrainingStopped(signal)

    def _random(self, trainer: L.Trainer) -> list[Any]:
        return self._processes.gathered(random_states(trainer.strategy.root_device))

    def _moment(self, trainer: L.Trainer) -> _Moment:
        here = place(trainer)
        return _Moment(here, self._validated is not None and here[:2] == self._validated[:2], trainer.global_step)

    def _failure(self, trainer: L.Trainer) -> str | None:
        files = trainer.strategy.checkpoint_io
        return files.failure if isinstance(files, WholeCheckpointIO) else None

    def _validates(self, trainer: L.Trainer) -> bool:
        return trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking


def _is_real(trainer: L.Trainer) -> bool:
    """Return whether a training leaves checkpoints at all: not in `fast_dev_run`."""
    return not cast(Any, trainer).fast_dev_run
