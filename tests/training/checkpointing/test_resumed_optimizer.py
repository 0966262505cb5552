import lightning as L
import pytest
import torch
from lightning.pytorch.demos.boring_classes import BoringModel
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import MultiStepLR, OneCycleLR

from yowo.errors import ConfigError
from yowo.training.checkpointing.resumed_optimizer import ResumedOptimizer


class Model(BoringModel):
    def __init__(self, optimizer, kind):
        super().__init__()
        self.make, self.kind, self.rates = optimizer, kind, []

    def configure_optimizers(self):
        optimizer = self.make(self.parameters())
        if self.kind == "epoch":
            return [optimizer], [MultiStepLR(optimizer, [2], 0.1)]
        total = int(self.trainer.estimated_stepping_batches)
        scheduler = OneCycleLR(optimizer, max_lr=optimizer.param_groups[0]["lr"], total_steps=total)
        return [optimizer], [{"scheduler": scheduler, "interval": "step"}]

    def on_train_batch_start(self, *_):
        self.rates.append(self.optimizers().param_groups[0]["lr"])


def train(folder, epochs, kind="step", optimizer=lambda p: AdamW(p, lr=0.1), resume=False, batches=4, save=False):
    model = Model(optimizer, kind)
    trainer = L.Trainer(
        max_epochs=epochs,
        logger=False,
        callbacks=[ResumedOptimizer()],
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        accelerator="cpu",
        limit_val_batches=0,
        limit_train_batches=batches,
    )
    trainer.fit(model, ckpt_path=folder / "c.ckpt" if resume else None, weights_only=True)
    if save:
        trainer.save_checkpoint(folder / "c.ckpt")
    return model.rates


def test_a_one_cycle_schedule_has_the_new_length_and_keeps_its_position(tmp_path):
    train(tmp_path, 1, save=True)
    whole = train(tmp_path, 2)
    assert train(tmp_path, 2, resume=True) == pytest.approx(whole[4:])
    other = train(tmp_path, 2, resume=True, batches=2)  # as with larger batches: 4 steps are done, 2 are left
    assert len(other) == 2 and other[1] < other[0]


def test_the_same_settings_change_nothing(tmp_path):
    train(tmp_path, 1, "epoch", save=True)
    state = torch.load(tmp_path / "c.ckpt", weights_only=True)
    assert state["yowo"]["optimizer"]["kinds"] == ["AdamW", "MultiStepLR"]
    assert train(tmp_path, 3, "epoch", resume=True) == pytest.approx([0.1] * 4 + [0.01] * 4)


def test_a_new_rate_counts_and_keeps_its_share(tmp_path):
    train(tmp_path, 2, "epoch", save=True)
    rates = train(tmp_path, 3, "epoch", lambda p: AdamW(p, lr=0.3, weight_decay=0.5), resume=True)
    assert rates == pytest.approx([0.03] * 4)


def test_another_schedule_or_optimizer_begins_anew_at_its_place(tmp_path):
    train(tmp_path, 2, save=True)
    assert train(tmp_path, 3, "epoch", resume=True) == pytest.approx([0.01] * 4)
    assert len(train(tmp_path, 3, "step", lambda p: SGD(p, lr=0.1), resume=True)) == 4


def test_groups_of_other_parameters_are_one_line(tmp_path):
    train(tmp_path, 1, save=True)
    with pytest.raises(ConfigError, match=r"resume: the optimizer has groups of \[1, 1\] parameters.* \[2\]"):
        train(tmp_path, 2, optimizer=lambda p: AdamW([{"params": [x]} for x in p], lr=0.1), resume=True)
