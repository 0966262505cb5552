"""Training with `callbacks=ema`: the averaged weights are the ones that are validated, saved and evaluated."""

import csv
import json

import lightning as L
import pytest
import torch

from tests.end_to_end.running import forked
from tests.end_to_end.test_commands import TINY
from yowo.config.build import build_detector
from yowo.config.build_training import build_datamodule, build_module
from yowo.config.compose import compose_config
from yowo.weights.reading import read_checkpoint

pytestmark = pytest.mark.long
DECAY = 0.5
RUN = [*TINY, "dataset.num_workers=0", "trainer.limit_val_batches=2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A user's folder: two batches with averaging, and one batch without."""
    folder = tmp_path_factory.mktemp("user")
    ema = ["callbacks=ema", f"callbacks.ema.decay={DECAY}", "trainer.limit_train_batches=2", "hydra.run.dir=ema"]
    plain = ["trainer.limit_train_batches=1", "evaluate=false", "logger=none", "hydra.run.dir=plain"]
    forked("train", *RUN, *ema, "logger=csv", folder=folder)
    forked("train", *RUN, *plain, folder=folder)
    return folder


@pytest.fixture(scope="module")
def saved(folder):
    return read_checkpoint(folder / "ema" / "best.ckpt")


def test_the_saved_weights_are_the_average_of_those_after_each_step(folder, saved):
    """The first step begins the average, the second is mixed in."""
    first = read_checkpoint(folder / "plain" / "last.ckpt")["state_dict"]
    average, second = saved["state_dict"], saved["current_model_state"]
    moved = 0
    for name, tensor in average.items():
        if tensor.is_floating_point():
            assert torch.allclose(tensor, DECAY * first[name] + (1 - DECAY) * second[name], atol=1e-6), name
            moved += not torch.equal(tensor, second[name])
    assert moved > len(average) / 2


def validated(folder, state):
    """The loss of validation with given weights."""
    config = compose_config("train", [*RUN, f"dataset.root={next((folder / 'runs' / 'data').glob('motion*'))}"])
    data = build_datamodule(config)
    module = build_module(config, build_detector(config), data)
    module.load_state_dict(state)
    options = {"logger": False, "enable_progress_bar": False, "enable_checkpointing": False, "limit_val_batches": 2}
    return L.Trainer(accelerator="cpu", **options).validate(module, data, verbose=False)[0]["val/total"]


def test_the_averaged_weights_are_validated(folder, saved):
    rows = list(csv.DictReader((folder / "ema" / "csv" / "metrics.csv").open()))
    (logged,) = (float(row["val/total"]) for row in rows if row.get("val/total"))
    assert logged == pytest.approx(validated(folder, saved["state_dict"]), rel=1e-5)
    assert logged != pytest.approx(validated(folder, saved["current_model_state"]), rel=1e-4)


def test_the_averaged_weights_are_evaluated(folder):
    forked("eval", "checkpoint=ema/best.ckpt", "hydra.run.dir=eval", "trainer=cpu", folder=folder)
    found, left = (json.loads((folder / run / "metrics.json").read_text()) for run in ("eval", "ema"))
    assert found["frame_ap"] == left["frame_ap"] and found["video_ap"] == left["video_ap"]
