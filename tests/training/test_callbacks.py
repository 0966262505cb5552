from types import SimpleNamespace

import lightning as L
import pytest
import torch
from torch.optim.lr_scheduler import MultiStepLR, OneCycleLR
from torch.utils.data import DataLoader

from yowo.errors import ConfigError
from yowo.training.callbacks import TimeBudget, Warmup
from yowo.training.progress import ProgressLines


class Line(L.LightningModule):
    """One weight."""

    def __init__(self, schedule, interval="epoch"):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))
        self.schedule, self.interval = schedule, interval

    def training_step(self, batch, batch_idx):
        return (self.weight * batch.mean()).sum()

    def configure_optimizers(self):
        optimizer = torch.optim.SGD([self.weight], lr=1.0)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": self.schedule(optimizer), "interval": self.interval},
        }


def fit(module, callback, folder, epochs=2, **options):
    trainer = L.Trainer(
        max_epochs=epochs,
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        **options,
    )
    trainer.fit(module, DataLoader(torch.ones(8, 1), batch_size=1))
    return trainer


def test_warmup_rises_over_batches_and_leaves_the_schedule_alone(tmp_path):
    module = Line(lambda o: MultiStepLR(o, [1], 0.1))
    used = []
    warmup = Warmup(batches=4, start=0.2)
    original = warmup._scale
    warmup._scale = lambda optimizer, *rest: (original(optimizer, *rest), used.append(optimizer.param_groups[0]["lr"]))[
        0
    ]
    trainer = fit(module, warmup, tmp_path)
    assert used[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert used[8:] == pytest.approx([0.1] * 8)
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(0.1)


def test_warmup_counts_batches_before_accumulation_and_goes_on_after_a_restart():
    warmup = Warmup(batches=10)
    warmup.load_state_dict({"seen": 5})
    assert warmup.share == pytest.approx(0.5, abs=1e-3)
    assert Warmup(batches=0).share == 1.0
    assert warmup.state_dict() == {"seen": 5}


def test_warmup_can_count_steps_and_ends_with_the_first_epoch(tmp_path):
    """Eight batches an epoch, two a step: steps 1 to 4 of the first epoch have 1/6 to 4/6, all others the full rate."""
    module, used = Line(lambda o: MultiStepLR(o, [1], 0.5)), []
    warmup = Warmup(steps=6)
    original = warmup._scale

    def noted(optimizer, *rest):
        original(optimizer, *rest)
        used.append(optimizer.param_groups[0]["lr"])

    warmup._scale = noted
    fit(module, warmup, tmp_path, accumulate_grad_batches=2)
    assert used == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 0.5, 0.5, 0.5, 0.5])
    assert warmup.state_dict() == {"seen": 8}


def test_a_warmup_is_over_batches_or_over_steps():
    with pytest.raises(ConfigError, match=r"schedule\.warmup_steps=5: schedule\.warmup_batches=500 is given too"):
        Warmup(batches=500, steps=5)


def test_a_budget_that_is_not_needed_changes_nothing(tmp_path):
    plain = Line(lambda o: OneCycleLR(o, 1.0, total_steps=16), "step")
    fit(plain, Warmup(0), tmp_path)
    timed = Line(lambda o: OneCycleLR(o, 1.0, total_steps=16), "step")
    budget = TimeBudget(3600)
    fit(timed, budget, tmp_path)
    assert timed.weight.item() == plain.weight.item() and not budget.ended


def test_a_spent_budget_stops_early_with_a_low_rate(tmp_path):
    module = Line(lambda o: OneCycleLR(o, 1.0, total_steps=16), "step")
    budget = TimeBudget(1e-6)
    trainer = fit(module, budget, tmp_path)
    assert trainer.global_step < 16 and budget.ended
    assert trainer.optimizers[0].param_groups[0]["lr"] < 0.05


def test_a_budget_goes_on_with_the_time_that_was_left():
    budget, trainer = TimeBudget(100.0), SimpleNamespace(lr_scheduler_configs=[])
    budget.load_state_dict({"seconds": 40.0})
    budget.on_train_start(trainer, None)
    assert 0.4 <= budget.spent < 0.9 and budget.state_dict()["seconds"] >= 40.0


def test_the_time_left_is_that_of_what_ends_training_first():
    budget = TimeBudget(1e6)
    budget.on_train_start(SimpleNamespace(lr_scheduler_configs=[]), None)
    trainer = SimpleNamespace(
        callbacks=[budget], max_steps=20, global_step=5, max_epochs=4, current_epoch=0, num_training_batches=10
    )
    lines = ProgressLines()
    assert lines._share(trainer, 5) == pytest.approx(5 / 20)
    trainer.max_steps = -1
    assert lines._share(trainer, 5) == pytest.approx(0.5 / 4)
    budget.seconds = 1e-9
    assert lines._share(trainer, 5) > 1
    trainer.callbacks, trainer.max_epochs = [], -1
    assert lines._share(trainer, 5) == 0


def test_a_budget_needs_a_one_cycle_schedule(tmp_path):
    with pytest.raises(ConfigError, match=r"only schedule=one_cycle can be shortened"):
        fit(Line(lambda o: MultiStepLR(o, [1], 0.1)), TimeBudget(5), tmp_path)
