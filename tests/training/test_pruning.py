import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.utils.data import DataLoader

from yowo.errors import PrunedError
from yowo.training.pruning import PruneTrial, raise_if_pruned


class Small(L.LightningModule):
    """Its metric falls from epoch to epoch."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch, batch_idx):
        return self.layer(batch).sum()

    def validation_step(self, batch, batch_idx):
        self.log("val/map", torch.tensor(float("nan") if self.current_epoch == 0 else 1.0 / self.current_epoch))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def trained(tmp_path, report, epochs=5):
    data = DataLoader(torch.ones(2, 1))
    callbacks = [PruneTrial(report), ModelCheckpoint(tmp_path, monitor="val/map", mode="max")]
    trainer = L.Trainer(
        accelerator="cpu", max_epochs=epochs, callbacks=callbacks, logger=False, enable_progress_bar=False,
        enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(Small(), data, data)
    return trainer


def test_a_training_ends_where_the_search_says_so(tmp_path):
    seen = []
    trainer = trained(tmp_path, lambda value, epoch: seen.append((value, epoch)) or epoch == 3)
    assert seen == [(1.0, 2), (0.5, 3)] and trainer.current_epoch == 3  # a NaN is not reported
    with pytest.raises(PrunedError, match=r"val/map was 0.5 at epoch 3, where other trials were better"):
        raise_if_pruned(trainer)


def test_the_last_epoch_is_not_pruned(tmp_path):
    trainer = trained(tmp_path, lambda value, epoch: epoch == 2, epochs=2)
    raise_if_pruned(trainer)
    assert trainer.callback_metrics["val/map"] == 1.0
