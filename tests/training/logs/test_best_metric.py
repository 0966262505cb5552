import math
from types import SimpleNamespace

import pytest
import torch

from yowo.training.logs.best_metric import BestMetric


class Recorder:
    def __init__(self):
        self.rows = []

    def log_metrics(self, values, step):
        self.rows.append((step, values))


def validate(callback, logger, *values, epoch=0):
    for number, value in enumerate(values, start=epoch):
        trainer = SimpleNamespace(
            callback_metrics={"val/map": torch.tensor(value)},
            sanity_checking=False,
            is_global_zero=True,
            current_epoch=number,
            global_step=10 * (number + 1),
            loggers=[logger],
        )
        callback.on_validation_end(trainer, None)


@pytest.mark.parametrize(("mode", "best"), [("max", [0.2, 0.2, 0.6, 0.6]), ("min", [0.2, 0.1, 0.1, 0.1])])
def test_the_best_value_so_far_is_logged_with_its_epoch(mode, best):
    callback, logger = BestMetric("val/map", mode), Recorder()
    validate(callback, logger, 0.2, 0.1, 0.6, 0.5)
    assert [row["best/map"] for _, row in logger.rows] == pytest.approx(best)
    assert [step for step, _ in logger.rows] == [10, 20, 30, 40]
    last = logger.rows[-1][1]
    assert last["best/step"] == 10 * (last["best/epoch"] + 1)


def test_a_value_that_is_no_number_is_never_the_best():
    callback, logger = BestMetric("val/map"), Recorder()
    validate(callback, logger, math.nan, math.inf)
    assert not logger.rows
    validate(callback, logger, 0.3, math.nan)
    assert [row["best/map"] for _, row in logger.rows] == pytest.approx([0.3, 0.3])


def test_a_resumed_run_knows_its_best_value():
    first, second, logger = BestMetric("val/map"), BestMetric("val/map"), Recorder()
    validate(first, Recorder(), 0.7)
    second.load_state_dict(first.state_dict())
    validate(second, logger, 0.4, epoch=1)
    assert logger.rows == [(20, {"best/map": pytest.approx(0.7), "best/epoch": 0, "best/step": 10})]
