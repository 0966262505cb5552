import logging
import re
from types import SimpleNamespace

import lightning as L
import pytest
import torch
from torch.utils.data import DataLoader

import yowo.progress
from yowo.training import progress
from yowo.training.progress import ProgressLines, TerminalBar


class Line(L.LightningModule):
    """One weight, whose loss is known: 1, 2, 3, 4, ..."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch, batch_idx):
        return self.weight.sum() * 0 + batch.sum()

    def validation_step(self, batch, batch_idx):
        self.log_dict({"val/frame_map/0.5": 0.25, "val/box": 9.0, "val/total": 3.0}, batch_size=1)

    test_step = validation_step

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.5)


def trainer(**options):
    return L.Trainer(
        max_epochs=2,
        callbacks=[TerminalBar(), ProgressLines()],
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        accelerator="cpu",
        **options,
    )


DATA = DataLoader(torch.arange(1.0, 5.0)[:, None], batch_size=1)


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records if record.name.startswith("yowo")]


def test_each_epoch_has_a_line_with_its_mean_loss_and_metrics(lines, capsys):
    trainer().fit(Line(), DATA, DATA)
    told = lines()
    assert told[0] == "training: 2 epochs of 4 batches, cpu, precision 32-true"
    assert told[1].startswith(
        "epoch 1 of 2: loss 2.5, lr 0.5, val/frame_map/0.5 0.25, val/total 3, 0 s, about 0 s left"
    )
    assert told[2] == "epoch 2 of 2: loss 2.5, lr 0.5, val/frame_map/0.5 0.25, val/total 3, 0 s"
    assert len(told) == 3 and "━" not in capsys.readouterr().out


def test_within_an_epoch_a_line_comes_now_and_then(lines, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(yowo.progress, "monotonic", lambda: now.__setitem__(0, now[0] + 6) or now[0])
    trainer().fit(Line(), DATA, DATA)
    within = [line for line in lines() if ", batch " in line or line.startswith("validation")]
    assert within and all(re.fullmatch(r"epoch [12] of 2, batch \d of 4: loss [\d.]+, lr 0.5, about \d.* left|validation: batch \d of 4", line) for line in within)  # fmt: skip


def test_a_test_is_told_at_its_start_and_end(lines):
    trainer().test(Line(), DATA, verbose=False)
    assert lines() == ["testing: 4 batches", "testing: 4 batches done in 0 s"]


def test_only_the_first_process_tells(lines):
    second = SimpleNamespace(is_global_zero=False, current_epoch=0, num_test_batches=[3])
    callback = ProgressLines()
    callback.on_train_start(second, None)
    callback.on_train_epoch_end(second, None)
    callback.on_test_start(second, None)
    callback.on_test_batch_end(second, None, None, None, 0)
    callback.on_test_end(second, None)
    assert not lines()


@pytest.mark.parametrize("terminal", [True, False])
def test_the_bar_is_for_terminals(monkeypatch, terminal):
    monkeypatch.setattr(progress, "on_terminal", lambda: terminal)
    assert TerminalBar().is_enabled is terminal
