"""`on_nonfinite=recover`: goes back to the last good checkpoint of a run, with a lower learning rate."""

import gc
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
import torch.distributed as dist
from omegaconf import DictConfig

from yowo.errors import YowoError
from yowo.training.checkpointing.checkpoint_files import usable_checkpoint
from yowo.training.guarding.nonfinite import NonFiniteError

log = logging.getLogger(__name__)
Result = TypeVar("Result")
LOWER = 0.5
"""Factor of the learning rate at each recovery."""
LIMIT = 5
"""Recoveries of a run; then it stops."""


def with_recoveries(attempt: Callable[[DictConfig, float, int], Result], config: DictConfig, folder: Path) -> Result:
    """Train; after a number that is not finite, go on from the last good checkpoint, as a resumed run does.

    Args:
        attempt: Trains with a configuration, the highest factor of the learning rate, and the number of recoveries.
        config: Configuration of the run; `resume` is set to the checkpoint.
        folder: Folder of the run, with its checkpoints.

    Returns:
        What `attempt` returns.

    Raises:
        NonFiniteError: The run stops: it is not to recover, or has recovered too often, or the checkpoint itself gives
            such a number at its first step.
    """
    rate, recoveries, resume = 1.0, 0, config.get("resume")
    tried: str | None = None
    while True:
        try:
            return attempt(config, rate, recoveries)
        except NonFiniteError as error:
            if not error.recover:
                raise
            if error.recoveries >= LIMIT:
                raise NonFiniteError(f"{error}; the run has gone back {LIMIT} times already") from None
            checkpoint = _agreed(_last(folder))
            if checkpoint is not None and checkpoint == tried and not error.steps:
                raise NonFiniteError(
                    f"{error}; it is the first step after {checkpoint}: resume from an earlier one"
                ) from None
            rate, recoveries, tried = error.rate * LOWER, error.recoveries + 1, checkpoint
            _tell(error, checkpoint or resume, rate)
        config.resume = checkpoint or resume
        gc.collect()  # the network of the attempt
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _last(folder: Path) -> str | None:
    try:
        return str(usable_checkpoint(folder))
    except YowoError:  # there is none yet
        return None


def _agreed(checkpoint: str | None) -> str | None:
    """Return the first process's checkpoint on all processes."""
    chosen: list[str | None] = [checkpoint]
    if dist.is_available() and dist.is_initialized():
        dist.broadcast_object_list(chosen)
    return chosen[0]


def _tell(error: NonFiniteError, checkpoint: str | None, rate: float) -> None:
    where = checkpoint or "the beginning"
    log.warning("%s; the run goes back to %s, with %g times the learning rate", error, where, rate)
