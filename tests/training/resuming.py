"""A training of a few numbers, with everything random in it, that can be stopped in any hook and goes on."""

import random
from contextlib import suppress

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from lightning.pytorch.loggers.logger import Logger
from torch.utils.data import DataLoader, Dataset

from yowo.data.clip_loader import ClipLoader
from yowo.data.samplers import TrainSampler
from yowo.training.checkpointing.checkpoint_files import WholeCheckpointIO
from yowo.training.checkpointing.checkpoints import LastCheckpoint


class StoppedError(Exception):
    """Stands for a kill."""


class Numbers(Dataset):
    """Samples of four numbers."""

    def __init__(self, count):
        self.data = torch.randn(count, 4, generator=torch.Generator().manual_seed(0))

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return self.data[getattr(index, "position", index)]


class Net(L.LightningModule):
    """A network with dropout and running statistics, whose loss has random numbers of all kinds."""

    def __init__(self):
        super().__init__()
        parts = (torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 1))
        self.net = torch.nn.Sequential(*parts)
        self.score = 0.0

    def training_step(self, batch, batch_idx):
        noise = random.random() + float(np.random.rand())
        loss = self.net(batch).square().mean() + 0.01 * noise * self.net[0].weight.sum()
        self.log("loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        self.log("val", self.net(batch).mean() + torch.rand(()))
        self.log("score", self.score)

    def val_dataloader(self):
        return DataLoader(Numbers(4), batch_size=2)

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=0.05)
        return {"optimizer": optimizer, "lr_scheduler": torch.optim.lr_scheduler.MultiStepLR(optimizer, [1], 0.5)}


class Rows(Logger):
    """A log in memory."""

    name, version = "rows", "0"

    def __init__(self):
        super().__init__()
        self.rows = []

    def log_metrics(self, metrics, step=None):
        self.rows.append((step, tuple(sorted(metrics.items()))))

    def log_hyperparams(self, *_, **__):
        """Keep nothing."""


class Bookmark(Callback):
    """Stores how long the log was."""

    def on_save_checkpoint(self, trainer, module, checkpoint):
        checkpoint.setdefault("yowo", {})["rows"] = len(trainer.logger.rows)


class Stop(Callback):
    """Does something in the n-th of all hooks."""

    def __init__(self, at, act=None):
        self.at, self.count, self.act = at, 0, act

    def _tick(self, *_, **__):
        self.count += 1
        if self.count == self.at and self.act is None:
            raise StoppedError
        if self.count == self.at:
            self.act(self.last)

    on_train_epoch_start = on_train_batch_start = on_train_batch_end = on_train_epoch_end = on_train_end = _tick
    on_validation_start = on_validation_batch_end = on_validation_end = _tick


def run(folder, at=None, go_on=False, log=None, size=2, count=12, callbacks=(), act=None, minutes=0, **options):
    """Train; return the Trainer, the log, and how many hooks there were before it was stopped."""
    L.seed_everything(3, verbose=False)
    module, log, checkpoint = Net(), log or Rows(), folder / "last.ckpt"
    if go_on:
        log.rows = log.rows[: torch.load(checkpoint, weights_only=True)["yowo"]["rows"]]
    data = Numbers(count)
    loader = ClipLoader(data, batch_size=size, sampler=TrainSampler(data, 1), drop_last=True)
    last, stop = LastCheckpoint(str(folder), minutes), Stop(at, act)
    trainer = L.Trainer(
        callbacks=[last, LearningRateMonitor("step"), stop, Bookmark(), *callbacks],
        logger=log,
        plugins=[WholeCheckpointIO()],
        default_root_dir=folder,
        **{"accelerator": "cpu", "max_epochs": 2, "log_every_n_steps": 1, "num_sanity_val_steps": 0},
        **{"enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False},
        **options,
    )
    stop.last = last
    with suppress(StoppedError):
        trainer.fit(module, loader, ckpt_path=checkpoint if go_on else None, weights_only=True)
    return trainer, log, stop.count


def end(trainer, log):
    """Everything that has to be equal in the end."""
    state = trainer.optimizers[0].state_dict()["state"]
    weights = {name: value.tolist() for name, value in trainer.lightning_module.state_dict().items()}
    return weights, [[part.tolist() for part in values.values()] for values in state.values()], log.rows
