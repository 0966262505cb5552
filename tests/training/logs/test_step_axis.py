from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.callbacks import LearningRateMonitor

from yowo.training.logs.step_axis import LearningRates, StepAxis, is_due, log_row


class Module:
    """Keeps what it is asked to log."""

    def __init__(self):
        self.logged = {}

    def log(self, name, value, **_):
        self.logged[name] = value


def trainer(**values):
    usual = {"log_every_n_steps": 10, "global_step": 20, "should_stop": False, "fast_dev_run": False}
    return SimpleNamespace(**{**usual, "current_epoch": 3, **values})


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ({}, True),
        ({"global_step": 21}, False),
        ({"global_step": 21, "should_stop": True}, True),
        ({"global_step": 1, "fast_dev_run": True}, True),
        ({"log_every_n_steps": 0}, False),
    ],
)
def test_a_row_of_training_is_due_after_every_nth_optimizer_step(values, due):
    assert is_due(trainer(**values)) == due


def test_numbers_keep_their_precision_and_ask_no_device():
    module = Module()
    log_row(module, {"lr": 1e-4})
    assert module.logged["lr"].item() == 1e-4 and module.logged["lr"].device.type == "cpu"


def test_training_and_validation_stand_at_the_optimizer_steps_done_and_a_test_has_no_epoch():
    run, axis = trainer(), StepAxis()
    for hook, expected in (
        (lambda m: axis.on_train_batch_end(run, m, None, None, 0), {"step": 20, "epoch": 3}),
        (lambda m: axis.on_validation_epoch_end(run, m), {"step": 20, "epoch": 3}),
        (lambda m: axis.on_test_epoch_end(run, m), {"step": 20}),
    ):
        module = Module()
        hook(module)
        assert module.logged == expected


def test_rates_are_those_that_the_step_was_taken_with():
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([{"params": [weight], "name": "backbone"}], lr=0.5)
    run = trainer(optimizers=[optimizer], lr_scheduler_configs=[], loggers=[None])
    run.callback_metrics, run.strategy, run.global_step = {}, SimpleNamespace(root_device="cpu"), 9
    rates, module = LearningRates(logging_interval="step"), Module()
    assert isinstance(rates, LearningRateMonitor)
    rates.on_train_start(run)
    rates.on_train_batch_start(run)
    optimizer.param_groups[0]["lr"], run.global_step = 0.1, 10
    rates.on_train_batch_end(run, module, None, None, 0)
    assert module.logged == {"lr-SGD/backbone": 0.5}
