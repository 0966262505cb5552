from types import SimpleNamespace

import lightning as L
import pytest

from yowo.training.checkpointing.loop_state import Place, align_steps, at_a_step, bring_into_form, place, set_batches


def trainer(epoch, batch, batches=10, accumulate=1):
    """A Trainer with counters (ready, started, processed, completed) of epochs and batches."""
    made = L.Trainer(logger=False, enable_checkpointing=False, accelerator="cpu", accumulate_grad_batches=accumulate)
    made.fit_loop.max_batches = batches
    for counter, values in (
        (made.fit_loop.epoch_progress.current, epoch),
        (made.fit_loop.epoch_loop.batch_progress.current, batch),
    ):
        vars(counter).update(zip(("ready", "started", "processed", "completed"), values, strict=True))
    return made


@pytest.mark.parametrize(
    ("moment", "epoch", "batch", "expected"),
    [
        ("nothing has begun", (0, 0, 0, 0), (0, 0, 0, 0), Place(0, 0)),
        ("on_train_epoch_start", (3, 2, 2, 2), (10, 10, 10, 10), Place(2, 0)),
        ("on_train_batch_start", (3, 3, 2, 2), (5, 4, 4, 4), Place(2, 4)),
        ("on_train_batch_end", (3, 3, 2, 2), (5, 5, 5, 4), Place(2, 5)),
        ("in validation after the last batch", (3, 3, 2, 2), (10, 10, 10, 10), Place(2, 10, over=True)),
        ("on_train_epoch_end", (3, 3, 3, 2), (10, 10, 10, 10), Place(3, 0)),
        ("on_train_end", (3, 3, 3, 3), (10, 10, 10, 10), Place(3, 0)),
    ],
)
def test_the_place_is_known_at_every_hook(moment, epoch, batch, expected):
    assert place(trainer(epoch, batch)) == expected, moment


def test_a_step_is_where_no_gradients_are_kept():
    at = [at_a_step(trainer((1, 1, 0, 0), (n + 1, n, n, n), batches=10, accumulate=4)) for n in range(10)]
    assert [n for n, step in enumerate(at) if step] == [0, 4, 8]
    assert at_a_step(trainer((1, 1, 0, 0), (10, 10, 10, 10), accumulate=4)), "the last, shorter window"


@pytest.mark.parametrize(
    ("here", "validated", "epochs", "batches", "validation"),
    [
        (Place(2, 0), False, (2, 2, 2, 2), (0, 0, 0, 0), 0),
        (Place(2, 4), True, (3, 3, 2, 2), (4, 4, 4, 4), 0),
        (Place(2, 4), False, (3, 3, 2, 2), (4, 4, 4, 4), 1),
    ],
)
def test_every_moment_becomes_one_of_three(here, validated, epochs, batches, validation):
    state = trainer((3, 3, 2, 2), (5, 5, 5, 4)).fit_loop.state_dict()
    bring_into_form(state, here, validated)
    assert tuple(state["epoch_progress"]["current"][key] for key in _KEYS) == epochs
    assert tuple(state["epoch_loop.batch_progress"]["current"][key] for key in _KEYS) == batches
    total = state["epoch_loop.val_loop.batch_progress"]["total"]
    assert (total["started"], total["processed"]) == (validation, 0)


_KEYS = ("ready", "started", "processed", "completed")


def test_batches_of_another_size_and_the_step_of_the_log_are_set():
    made = trainer((3, 3, 2, 2), (4, 4, 4, 4))
    set_batches(made, 7)
    assert place(made) == Place(2, 7)
    fake = SimpleNamespace(global_step=9, fit_loop=made.fit_loop)
    align_steps(fake, before_validation=False)
    assert made.fit_loop.epoch_loop._batches_that_stepped == 9
    align_steps(fake, before_validation=True)
    assert made.fit_loop.epoch_loop._batches_that_stepped == 8
