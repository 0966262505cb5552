import csv
import logging
import math

import lightning as L
import pytest
import torch
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader

from yowo.errors import ConfigError
from yowo.training.trying.rate_search import RateSearch, best_rate


class Bowl(L.LightningModule):
    """Two weights that fall to 0, each in a group of its own; diverges at rates above 1."""

    def __init__(self, schedule=None):
        super().__init__()
        self.weights = torch.nn.ParameterList([torch.ones(1), torch.ones(1)])
        self.schedule, self.used = schedule, []

    def training_step(self, batch, batch_idx):
        loss = sum(weight.square().sum() for weight in self.weights)
        self.log("train/total", loss.detach())
        return loss

    def configure_optimizers(self):
        groups = [{"params": [self.weights[0]]}, {"params": [self.weights[1]], "lr": 0.05}]
        optimizer = torch.optim.SGD(groups, lr=0.5)
        optimizer.register_step_pre_hook(lambda o, *_: self.used.append([g["lr"] for g in o.param_groups]))
        return optimizer if self.schedule is None else ([optimizer], [self.schedule(optimizer)])


def searched(folder, module, steps=40, **options):
    search = RateSearch(str(folder), lowest=1e-4, highest=100.0)
    trainer = L.Trainer(
        max_steps=steps,
        max_epochs=-1,
        callbacks=[search],
        logger=False,
        enable_checkpointing=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        **options,
    )
    trainer.fit(module, DataLoader(torch.ones(6, 1), batch_size=1))
    return search


def test_the_rate_rises_until_the_loss_diverges_and_one_is_suggested(tmp_path, caplog):
    caplog.set_level(logging.INFO, "yowo")
    module = Bowl()
    search = searched(tmp_path, module)
    used = [rates[0] for rates in module.used]
    assert used[0] == pytest.approx(1e-4) and used == sorted(set(used))
    assert 10 < len(used) < 40 and search.losses[-1] > 4 * min(search.losses)
    assert all(other == pytest.approx(rate / 10) for rate, other in module.used)
    found = best_rate(search.rates[: len(search.losses)], search.losses)
    assert 0.005 < found.suggested < 1
    assert f"optimizer.lr={found.suggested:.1e}" in caplog.text and "lr_find.png" in caplog.text
    rows = list(csv.reader((tmp_path / "lr_find.csv").open()))
    assert rows[0] == ["lr", "loss"] and len(rows) == 1 + len(search.losses)
    assert (tmp_path / "lr_find.png").stat().st_size > 1000


def test_a_step_of_several_batches_has_one_rate_and_their_mean_loss(tmp_path):
    module = Bowl()
    search = searched(tmp_path, module, steps=10, accumulate_grad_batches=2)
    assert len(search.losses) == len(module.used) == len(search.rates) == 10
    assert search.losses[0] == pytest.approx(2.0)


def test_what_it_cannot_do_is_said_before_the_first_step(tmp_path):
    with pytest.raises(ConfigError, match=r"a scheduler sets the learning rate; give schedule\.scheduler=null"):
        searched(tmp_path, Bowl(lambda optimizer: StepLR(optimizer, 1)))
    with pytest.raises(ConfigError, match=r"trainer\.max_steps=5: debug=lr_find needs at least 10"):
        searched(tmp_path, Bowl(), steps=5)
    with pytest.raises(ConfigError, match=r"expected 0 < lowest < highest, got 1\.0 and 0\.1"):
        RateSearch(str(tmp_path), 1.0, 0.1)


def test_a_loss_that_falls_nowhere_has_no_rate_and_losses_after_a_nan_are_left_out():
    rates = [10.0**i for i in range(-12, 3)]
    assert best_rate(rates, [1.0 + i for i in range(15)]).suggested is None
    falling = [10.0 - i for i in range(12)]
    assert best_rate(rates, [*falling, math.nan, -1e9, -1e9]) == best_rate(rates[:12], falling)
    assert best_rate(rates, [1.0, math.inf, *falling]) is None


def test_a_search_without_a_rate_is_a_warning(tmp_path, caplog):
    module = Bowl()
    module.weights = torch.nn.ParameterList([torch.zeros(1), torch.zeros(1)])
    searched(tmp_path, module, steps=12)
    assert "the loss fell at no rate from 1.0e-04 to 1.0e+02" in caplog.text
