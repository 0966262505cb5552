"""The best checkpoint by a metric, which never holds a number that is not finite."""

import logging
import math
from typing import Any
from weakref import proxy

import lightning as L
from lightning.pytorch.callbacks import ModelCheckpoint, WeightAveraging
from torch import Tensor, nn

from yowo.training.checkpointing.checkpoint_files import WholeCheckpointIO
from yowo.training.guarding.nonfinite import all_finite, nonfinite

log = logging.getLogger(__name__)


class BestCheckpoint(ModelCheckpoint):
    """Lightning's ModelCheckpoint, less what is of no use: a score, or weights, that are not finite.

    If the disk takes no more, the score of the file that is there stays the one to beat.
    """

    @property
    def state_key(self) -> str:
        """Return the key of the state in checkpoints, ModelCheckpoint's, as earlier versions wrote it."""
        return super().state_key.replace(type(self).__qualname__, ModelCheckpoint.__qualname__, 1)

    def _save_topk_checkpoint(self, trainer: L.Trainer, monitor_candidates: dict[str, Tensor]) -> None:
        if not self._is_useless(trainer):
            super()._save_topk_checkpoint(trainer, monitor_candidates)

    def _is_useless(self, trainer: L.Trainer) -> bool:
        score = trainer.callback_metrics.get(self.monitor) if self.monitor else None
        if isinstance(score, Tensor) and not math.isfinite(float(score)):
            log.warning("%s is %s after epoch %d: not kept as best", self.monitor, float(score), _epoch(trainer))
            return True
        name = not_finite(trainer)
        if name is not None:
            log.warning("%s is not finite after epoch %d: the weights are not kept as best", name, _epoch(trainer))
        return name is not None

    def _update_best_and_save(self, current: Tensor, trainer: L.Trainer, monitor_candidates: dict[str, Tensor]) -> None:
        before = {name: value for name, value in vars(self).items() if name.startswith(("best_", "kth_", "current_"))}
        before["best_k_models"] = dict(self.best_k_models)
        super()._update_best_and_save(current, trainer, monitor_candidates)
        if self._failed(trainer):
            vars(self).update(before)

    def _save_checkpoint(self, trainer: L.Trainer, filepath: str) -> None:
        trainer.save_checkpoint(filepath, self.save_weights_only)
        if self._failed(trainer):
            return
        self._last_global_step_saved = trainer.global_step
        self._last_checkpoint_saved = filepath
        if trainer.is_global_zero:
            for logger in trainer.loggers:
                logger.after_save_checkpoint(proxy(self))

    def _failed(self, trainer: L.Trainer) -> bool:
        files: Any = trainer.strategy.checkpoint_io
        failed = isinstance(files, WholeCheckpointIO) and files.failure is not None
        return bool(trainer.strategy.reduce_boolean_decision(failed, all=False))


def not_finite(trainer: L.Trainer) -> str | None:
    """Return the name of a weight or buffer with a number that is not finite; None if there is none.

    Averaged weights, which are what a checkpoint shows, are looked at too.

    Args:
        trainer: The Trainer.
    """
    modules: dict[str, nn.Module] = {"": trainer.lightning_module}
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, WeightAveraging) and callback._average_model is not None:
            modules["average of "] = callback._average_model.module
    for prefix, module in modules.items():
        stored = module.state_dict().items()
        floats = {name: value for name, value in stored if isinstance(value, Tensor) and value.is_floating_point()}
        if not all_finite(list(floats.values())):
            return f"{prefix}{nonfinite(floats.items())[0]}"
    return None


def _epoch(trainer: L.Trainer) -> int:
    return trainer.current_epoch + 1
