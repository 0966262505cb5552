import logging

import lightning as L
import pytest
import torch
from torch.utils.data import DataLoader

from yowo.training.trying.overfitting import OverfitReport, verdict


class Line(L.LightningModule):
    """One weight that falls to 0."""

    def __init__(self, rate):
        super().__init__()
        self.weight, self.rate = torch.nn.Parameter(torch.ones(1)), rate

    def training_step(self, batch, batch_idx):
        return self.weight.square().sum()

    def validation_step(self, batch, batch_idx):
        self.log("val/map", 1 - self.weight.abs().sum())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.rate)


@pytest.mark.parametrize(
    ("rate", "level", "words"),
    [
        (0.4, logging.INFO, "the network learned these clips: loss 0.52 to "),
        (0.0, logging.WARNING, "the loss did not fall by half: loss 1 to 1 in 3 epochs, val/map 0 to 0; look at the boxes"),
    ],
)  # fmt: skip
def test_a_run_ends_with_what_its_losses_and_scores_mean(rate, level, words, tmp_path, caplog):
    caplog.set_level(logging.INFO, "yowo")
    trainer = L.Trainer(
        max_epochs=3,
        callbacks=[OverfitReport("val/map")],
        logger=False,
        enable_checkpointing=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(Line(rate), DataLoader(torch.ones(2, 1)), DataLoader(torch.ones(2, 1)))
    (record,) = [record for record in caplog.records if record.name == "yowo.training.trying.overfitting"]
    assert record.levelno == level and words in record.getMessage()


def test_a_loss_that_falls_without_the_score_or_is_not_finite_is_no_success():
    level, words = verdict([8.0, 0.1], [0.0, 0.5], "mAP")
    assert level == logging.WARNING and "the loss fell, but mAP is below 0.9" in words
    assert verdict([8.0, float("nan")], [0.0, 1.0], "mAP")[0] == logging.WARNING
    assert verdict([8.0, 0.1], [], "mAP")[0] == logging.INFO
