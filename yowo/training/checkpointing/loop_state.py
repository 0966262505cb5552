"""Where a training is, and Lightning's record of it brought into the one form from which it goes on exactly.

Lightning counts epochs, batches and validations as they get ready, start, end and are done with. What it does when it
goes on depends on which of these counters differ, and at several moments it repeats or leaves out a hook, a line of the
log or a whole validation. Here every moment becomes one of three:

- between two epochs: nothing of the next one has begun;
- between two batches: everything about the last one, its validation included, is done;
- before a validation: everything about the last batch is done, and the validation begins anew.
"""

from typing import Any, NamedTuple, cast

import lightning as L


class Place(NamedTuple):
    """Where a training is.

    Attributes:
        epoch: Number of the epoch, counted from 0.
        batches: Batches of it that are done with, on each device.
        over: Whether no further batch is left in the epoch.
    """

    epoch: int
    batches: int
    over: bool = False


def place(trainer: L.Trainer) -> Place:
    """Return where a training is; a batch that has been fetched but not trained on does not count."""
    epoch = cast(Any, trainer.fit_loop.epoch_progress.current)
    if not (epoch.ready == epoch.started == epoch.completed + 1 and epoch.processed == epoch.completed):
        return Place(epoch.processed, 0)
    done = cast(Any, trainer.fit_loop.epoch_loop.batch_progress.current).processed
    return Place(epoch.processed, done, done >= trainer.num_training_batches)


def at_a_step(trainer: L.Trainer) -> bool:
    """Return whether the last batch has ended with a step of the optimizer, so that no gradients are kept."""
    here = place(trainer)
    return here.over or here.batches % trainer.accumulate_grad_batches == 0


def bring_into_form(fit_loop: dict[str, Any], here: Place, validated: bool) -> None:
    """Change Lightning's record of a training into the form of one of the three moments.

    Args:
        fit_loop: The record, `checkpoint["loops"]["fit_loop"]`.
        here: Where the training is.
        validated: Whether the validation after the last batch is done; if none is due there, it does not matter.
    """
    inside = here.batches > 0
    epochs, batches = fit_loop["epoch_progress"], fit_loop["epoch_loop.batch_progress"]
    begun = int(inside)
    for counter, done in ((epochs["current"], here.epoch), (epochs["total"], epochs["total"]["processed"])):
        counter.update(ready=done + begun, started=done + begun, processed=done, completed=done)
    for counter, done in ((batches["current"], here.batches), (batches["total"], batches["total"]["processed"])):
        counter.update(ready=done, started=done, processed=done, completed=done)
    batches["is_last_batch"] = here.over
    validation = fit_loop["epoch_loop.val_loop.batch_progress"]
    validation["is_last_batch"] = False
    validation["current"].update(ready=0, started=0, processed=0, completed=0)
    pending = int(inside and not validated)  # to Lightning: ended in the first batch of it
    validation["total"].update(ready=pending, started=pending, processed=0, completed=0)


def set_batches(trainer: L.Trainer, batches: int) -> None:
    """Set how many batches of the epoch are done, where a training goes on with batches of another size.

    Args:
        trainer: The Trainer, before its first batch.
        batches: Batches on each device.
    """
    progress = trainer.fit_loop.epoch_loop.batch_progress
    vars(progress.current).update(ready=batches, started=batches, processed=batches, completed=batches)
    progress.is_last_batch = batches >= trainer.num_training_batches


def align_steps(trainer: L.Trainer, before_validation: bool) -> None:
    """Set the step under which Lightning logs, which it counts apart from the steps of the optimizer.

    Args:
        trainer: The Trainer.
        before_validation: Whether a validation is about to begin; it is logged under the step before it.
    """
    trainer.fit_loop.epoch_loop._batches_that_stepped = trainer.global_step - int(before_validation)
