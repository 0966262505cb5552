import time
from types import SimpleNamespace

import lightning as L
import pytest
import torch

from tests.data.test_datamodule import OneVideo, module, path  # noqa: F401
from yowo.data.dataset import ClipDataset
from yowo.errors import DatasetError
from yowo.training.guarding import loader_watch
from yowo.training.guarding.loader_watch import LoaderWatch

HANGS = 5
SECONDS = 2.5
TOLD = rf"^reading video v, key frame {HANGS}: .*v\.avi took more than loader_timeout=2\.5 seconds"


class Line(L.LightningModule):
    """One weight."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def training_step(self, batch, batch_idx):
        return self.weight.sum()

    def validation_step(self, batch, batch_idx):
        return None

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.fixture
def hanging(monkeypatch):
    """A reader that sleeps at one key frame."""
    real = ClipDataset._frames

    def frames(self, key, indices):
        if key.frame == HANGS:
            time.sleep(60)
        return real(self, key, indices)

    monkeypatch.setattr(ClipDataset, "_frames", frames)


def trainer(watch, folder):
    return L.Trainer(
        max_epochs=1,
        callbacks=[watch],
        logger=False,
        enable_checkpointing=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=folder,
    )


@pytest.mark.parametrize(("workers", "stage"), [(0, "fit"), (1, "validate")])
def test_a_video_on_which_reading_hangs_is_named_and_ends_the_run(path, hanging, tmp_path, workers, stage):  # noqa: F811
    data = module(OneVideo(path), num_workers=workers)
    with pytest.raises(DatasetError, match=TOLD):
        getattr(trainer(LoaderWatch(SECONDS), tmp_path), stage)(Line(), data)


def test_what_is_read_in_time_is_let_alone(path, tmp_path):  # noqa: F811
    watch = LoaderWatch(30.0)
    trainer(watch, tmp_path).fit(Line(), module(OneVideo(path)))
    assert watch._thread is None


def test_without_a_limit_nothing_is_watched(path):  # noqa: F811
    watch = LoaderWatch(0)
    watch.setup(SimpleNamespace(datamodule=module(OneVideo(path))), Line(), "fit")
    assert watch._thread is None


def test_reading_that_cannot_be_interrupted_ends_the_process(path, monkeypatch):  # noqa: F811
    ended = []
    monkeypatch.setattr(loader_watch, "end_now", lambda line, processes: ended.append((line, processes)))
    monkeypatch.setattr(loader_watch, "LAST_WAY", 0.05)
    monkeypatch.setattr(loader_watch, "ALARM", None)
    data = module(OneVideo(path))
    data.dataset("train")._breadcrumbs.leave(HANGS)
    watch = LoaderWatch(0.1, ["rank 1"])
    watch.setup(SimpleNamespace(datamodule=data), Line(), "fit")
    watch._thread.join()
    watch.teardown(None, None, "fit")
    assert ended == [(data.hung, ["rank 1"])] and f"video v, key frame {HANGS}" in data.hung
