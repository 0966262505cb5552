import time
from types import SimpleNamespace

import pytest
from torch.optim.lr_scheduler import MultiStepLR, OneCycleLR

from tests.training.test_callbacks import Line, fit
from yowo.errors import ConfigError
from yowo.training.cpu_budget import CPUBudget


class Clock:
    """CPU time that goes on by a second at each look."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        self.seconds += 1.0
        return self.seconds


def budget(minutes, clock=None):
    made = CPUBudget(minutes)
    made.clock = clock or Clock()
    return made


def trainer(**changes):
    return SimpleNamespace(lr_scheduler_configs=[], world_size=1, global_step=0, **changes)


def test_the_budget_ends_training_long_before_the_epochs_and_the_rate_follows_it(tmp_path, caplog):
    rates = []

    class Watched(Line):
        def training_step(self, batch, batch_idx):
            rates.append(self.optimizers().param_groups[0]["lr"])
            return super().training_step(batch, batch_idx)

    module = Watched(lambda o: OneCycleLR(o, 1.0, total_steps=100_000, pct_start=0.5), "step")
    with caplog.at_level("INFO"):
        ended = fit(module, budget(20 / 60), tmp_path, epochs=1000)
    assert 15 <= ended.global_step <= 21
    assert max(rates) == pytest.approx(1.0, abs=0.02) and rates[0] < 0.1 and rates[-1] < 0.05
    assert rates.index(max(rates)) == pytest.approx(len(rates) / 2, abs=2)
    assert "cpu_minutes ended training" in caplog.text


def test_validations_cost_nothing():
    one = budget(1)
    one.on_train_start(trainer(), None)
    before = one.elapsed
    one.on_validation_start(None, None)
    one.clock.seconds += 1000
    within = one.state_dict()["seconds"]  # a checkpoint that is written in a validation
    one.on_validation_end(None, None)
    assert within < before + 5 and one.elapsed < before + 10


def test_a_resumed_run_goes_on_with_what_was_left_of_the_same_budget():
    first = budget(1)
    first.on_train_start(trainer(), None)
    first.clock.seconds += 30
    state = first.state_dict()
    second = budget(1)
    second.load_state_dict(state)
    second.on_train_start(trainer(), None)
    assert 0.5 < second.spent < 0.65
    other = budget(2)
    other.load_state_dict(state)
    with pytest.raises(ConfigError, match=r"cpu_minutes: the run began with 1, .* give the same number"):
        other.on_train_start(trainer(), None)


def test_several_processes_and_other_schedules_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"counts the time of one process, this run has 2"):
        budget(1).on_train_start(SimpleNamespace(world_size=2), None)
    with pytest.raises(ConfigError, match=r"cpu_minutes: only schedule=one_cycle"):
        fit(Line(lambda o: MultiStepLR(o, [1], 0.1)), budget(1), tmp_path)


def test_the_time_is_that_of_the_process():
    assert CPUBudget.clock is time.process_time
