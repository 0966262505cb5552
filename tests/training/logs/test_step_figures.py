from types import SimpleNamespace

import pytest
import torch

from yowo.contracts import ClipBatch
from yowo.training.logs import step_figures
from yowo.training.logs.step_figures import StepFigures


class Module:
    def __init__(self):
        self.logged = []
        self.weight = torch.nn.Parameter(torch.zeros(2))
        self.weight.grad = torch.tensor([3.0, 4.0])
        self.frozen = torch.nn.Parameter(torch.zeros(1))

    def parameters(self):
        return [self.weight, self.frozen]

    def log(self, name, value, **_):
        self.logged.append((name, float(value)))


class Clock:
    """A clock that tests move."""

    now = 100.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(step_figures, "time", clock)
    return clock


def trainer():
    strategy = SimpleNamespace(root_device=torch.device("cpu"))
    return SimpleNamespace(
        log_every_n_steps=2, global_step=0, should_stop=False, fast_dev_run=False, world_size=2, strategy=strategy
    )


def step(figures, run, module, clock, wait, work):
    clock.now += wait
    figures.on_train_batch_start(run, module, None, 0)
    clock.now += work
    figures.on_before_optimizer_step(run, module, None)
    run.global_step += 1
    figures.on_train_batch_end(run, module, None, ClipBatch([0] * 4, [], [], [None] * 4), 0)


def test_figures_are_of_the_steps_since_the_row_before_without_validations(clock):
    figures, run, module = StepFigures(), trainer(), Module()
    figures.on_train_epoch_start(run, module)
    step(figures, run, module, clock, 1, 3)
    assert not module.logged
    figures.on_validation_start(run, module)
    clock.now += 1000
    figures.on_validation_end(run, module)
    step(figures, run, module, clock, 0, 4)
    assert dict(module.logged) == {
        "train/clips_per_s": 2 * 8 / 8,
        "train/data_wait": 1 / 8,
        "train/grad_norm": 5.0,
    }
    module.logged.clear()
    step(figures, run, module, clock, 2, 2)
    step(figures, run, module, clock, 2, 2)
    assert dict(module.logged)["train/data_wait"] == 0.5


def test_batches_without_a_step_of_the_optimizer_give_no_second_row(clock):
    figures, run, module = StepFigures(), trainer(), Module()
    figures.on_train_epoch_start(run, module)
    step(figures, run, module, clock, 0, 1)
    step(figures, run, module, clock, 0, 1)
    count = len(module.logged)
    figures.on_train_batch_end(run, module, None, ClipBatch([0], [], [], [None]), 0)
    assert len(module.logged) == count
