from types import SimpleNamespace

import lightning as L
import pytest
import torch
from torch.utils.data import DataLoader
from torchmetrics import MetricCollection

from tests.training import resuming
from tests.training.joint_gradients import QUIET, joint_batches, network
from tests.training.resuming import end, run
from yowo.training.accumulation import Accumulation, steps_after
from yowo.training.callbacks import Warmup
from yowo.training.module import ActionDetection

RULES = {  # after which of the batches 0, 1, 2 of each of three epochs comes a step, two batches a step
    "whole": [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)],
    "released": [(0, 0), (0, 2), (1, 1), (2, 0), (2, 2)],
    "carried": [(0, 1), (1, 1), (2, 1)],
}
ADDED = {  # the batches of each step, counted over all epochs
    "whole": [(0, 1), (2,), (3, 4), (5,), (6, 7), (8,)],
    "released": [(0,), (1, 2), (3, 4), (5, 6), (7, 8)],
    "carried": [(0, 1), (2, 3, 4), (5, 6, 7)],
}


class Adds(L.LightningModule):
    """One weight whose gradient in batch i is 2^i, so that a sum tells which batches are in it."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.loss = SimpleNamespace(as_it_comes=False)
        self.batches, self.steps = -1, []

    def training_step(self, batch, batch_idx):
        self.batches += 1
        return self.weight * 2.0**self.batches

    def optimizer_zero_grad(self, *args, **kwargs):
        if not self.loss.as_it_comes:
            super().optimizer_zero_grad(*args, **kwargs)

    def on_before_optimizer_step(self, optimizer):
        place = (self.trainer.current_epoch, self.trainer.fit_loop.batch_idx)
        self.steps.append((place, self.weight.grad.item(), optimizer.param_groups[0]["lr"]))

    def configure_optimizers(self):
        return torch.optim.SGD([self.weight], lr=1.0)


def fit(module, *callbacks, accumulated=2, epochs=3, batches=3, **options):
    trainer = L.Trainer(
        max_epochs=epochs, accumulate_grad_batches=accumulated, callbacks=list(callbacks), **QUIET, **options
    )
    trainer.fit(module, DataLoader(torch.ones(batches, 1)))
    return trainer


@pytest.mark.parametrize("rule", RULES)
def test_steps_come_after_the_batches_of_the_rule_and_add_up_its_batches(rule):
    module = Adds()
    trainer = fit(module, Accumulation(rule))
    assert [place for place, *_ in module.steps] == RULES[rule]
    gradients = [gradient for _, gradient, _ in module.steps]
    assert gradients == [sum(2.0**batch for batch in added) / 2 for added in ADDED[rule]]
    assert trainer.global_step == len(RULES[rule]) and module.weight.item() == -sum(gradients)


def test_the_released_codes_of_yowof_and_yowo_v2_step_and_warm_up_as_worked_out_by_hand():
    """16 batches a step, the first step after one batch: rates of batches 0, 16 and 32 of a warm-up over 20."""
    module, rates = Adds(), []
    warmup = Warmup(batches=20, start=0.00066667)
    scale = warmup._scale

    def noted(optimizer, *rest):
        scale(optimizer, *rest)
        rates.append(optimizer.param_groups[0]["lr"])

    warmup._scale = noted
    fit(module, warmup, Accumulation("released"), accumulated=16, epochs=2, batches=20)
    assert [place for place, *_ in module.steps] == [(0, 0), (0, 16), (1, 12)]
    assert rates == pytest.approx([0.00066667, 0.00066667 * 0.2 + 0.8, 1.0])
    assert module.steps[0][1] == 1 / 16


def test_gradients_are_clipped_number_by_number_after_they_were_added_up():
    module, clip = Adds(), {"gradient_clip_val": 2.0, "gradient_clip_algorithm": "value"}
    fit(module, Accumulation("carried"), epochs=1, batches=4, **clip)
    assert [gradient for _, gradient, _ in module.steps] == [1.5, 6.0]  # before they are clipped
    assert module.weight.item() == -(1.5 + 2.0)


def test_each_batch_counts_the_same_in_the_networks_own_loss():
    """The joint loss weighs a last batch that stands alone in its step as a whole one; the released code does not."""
    found = {}
    for rule in ("whole", "released"):
        module = ActionDetection(
            network("yowo_plus softmax giou anchor_iou"),
            MetricCollection({}),
            MetricCollection({}),
            lambda net: torch.optim.SGD(net.parameters(), lr=0.0),
        )
        norms = found.setdefault(rule, [])
        module.on_before_optimizer_step = lambda _, module=module, norms=norms: norms.append(
            torch.nn.utils.get_total_norm([p.grad for p in module.parameters() if p.grad is not None]).item()
        )
        trainer = L.Trainer(max_epochs=1, accumulate_grad_batches=8, callbacks=[Accumulation(rule)], **QUIET)
        trainer.fit(module, DataLoader(joint_batches(False)[:1], batch_size=None))
    assert found["released"] == pytest.approx([found["whole"][0] / 8], rel=1e-5)


def test_steps_of_long_trainings():
    assert [seen for seen in range(64) if steps_after("released", 16, seen % 20, seen)] == [0, 16, 32, 48]
    assert [seen for seen in range(64) if steps_after("carried", 16, seen % 20, seen)] == [15, 35, 55]


class Accumulated(resuming.Net):
    """The network of `resuming`, whose gradients the callback clears."""

    def __init__(self):
        super().__init__()
        self.loss = SimpleNamespace(as_it_comes=False)

    def optimizer_zero_grad(self, *args, **kwargs):
        if not self.loss.as_it_comes:
            super().optimizer_zero_grad(*args, **kwargs)


@pytest.mark.parametrize("rule", ["released", pytest.param("carried", marks=pytest.mark.long)])
def test_gradients_that_wait_for_their_step_are_kept_when_training_is_stopped(tmp_path, monkeypatch, rule):
    """Six batches an epoch, four a step: there are always some left over at the end of an epoch."""
    monkeypatch.setattr(resuming, "Net", Accumulated)
    options = {"accumulate_grad_batches": 4}
    trainer, log, _ = run(tmp_path / "whole", callbacks=[Accumulation(rule)], **options)
    expected = end(trainer, log)
    _, log, _ = run(tmp_path / "two", 24, callbacks=[Accumulation(rule)], **options)
    assert torch.load(tmp_path / "two" / "last.ckpt", weights_only=True)["yowo"]["gradients"]
    trainer, log, _ = run(tmp_path / "two", go_on=True, log=log, callbacks=[Accumulation(rule)], **options)
    assert end(trainer, log) == expected
