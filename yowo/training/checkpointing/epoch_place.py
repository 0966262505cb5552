"""The place of a training in its epoch, counted in samples: batches of another size, or more devices, go on there."""

import logging
from typing import Any, NamedTuple

import lightning as L

from yowo.data.clip_loader import ClipLoader
from yowo.data.samplers import TrainSampler
from yowo.training.checkpointing.loop_state import Place, set_batches

log = logging.getLogger(__name__)


class Start(NamedTuple):
    """Where in an epoch this process has begun.

    Attributes:
        epoch: Number of the epoch, counted from 0.
        samples: Samples of it, of all devices together, that had been trained on.
        batches: Batches on each device that count for them.
    """

    epoch: int = 0
    samples: int = 0
    batches: int = 0


def to_keep(trainer: L.Trainer, here: Place, validated: bool, start: Start) -> dict[str, Any]:
    """Return what a checkpoint keeps of a place, as plain numbers.

    Args:
        trainer: The Trainer.
        here: The place.
        validated: Whether the validation after the last batch is done.
        start: Where this process has begun.
    """
    kept = {"epoch": here.epoch, "batches": here.batches, "validated": validated}
    loader = trainer.train_dataloader
    if not isinstance(loader, ClipLoader):
        return kept
    if start.epoch != here.epoch:
        start = Start(here.epoch)
    size = _samples_a_batch(trainer, loader)
    samples = start.samples + (here.batches - start.batches) * size
    return {**kept, "samples": samples, "batch": size, "of": _samples_an_epoch(loader)}


def begin_at(trainer: L.Trainer, kept: dict[str, Any]) -> Start:
    """Make the training go on at a place that was kept; called before the first batch.

    Args:
        trainer: The Trainer, which Lightning has set to the same number of batches.
        kept: The place, from `to_keep`.

    Returns:
        Where this process begins.
    """
    epoch, batches, samples = kept["epoch"], kept["batches"], kept.get("samples")
    loader = trainer.train_dataloader
    if samples is None or not isinstance(loader, ClipLoader):
        return Start(epoch)
    size, count = _samples_a_batch(trainer, loader), _samples_an_epoch(loader)
    if count != kept["of"]:
        log.warning("%d clips an epoch, %d before: epoch %d begins anew", count, kept["of"], epoch + 1)
        samples = batches = 0
    elif size != kept["batch"] and batches:
        batches = len(loader) - max(0, count - samples) // size
        before = kept["batch"]
        log.info("%d clips a step of all devices, %d before: epoch %d goes on at clip %d of %d", size, before,
                 epoch + 1, samples + 1, count)  # fmt: skip
    if batches != kept["batches"]:
        set_batches(trainer, batches)
    if isinstance(loader.sampler, TrainSampler) or batches < trainer.num_training_batches:
        loader.begin_at(epoch, samples)
    return Start(epoch, samples, batches)


def _samples_a_batch(trainer: L.Trainer, loader: ClipLoader) -> int:
    """Return how many samples all devices together train on in a batch."""
    return (loader.batch_size or 1) * trainer.world_size


def _samples_an_epoch(loader: ClipLoader) -> int:
    """Return how many samples the epochs of a loader have, before they are divided among devices."""
    return len(getattr(loader.sampler, "dataset", loader.dataset))  # type: ignore[arg-type]
