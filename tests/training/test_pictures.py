from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image

from yowo.contracts import ClipBatch
from yowo.data.augment import EvalTransform
from yowo.training.pictures import KeyFramePictures


def found(score):
    return {"boxes": torch.tensor([[0.1, 0.1, 0.5, 0.5]]), "scores": torch.tensor([score]), "labels": torch.tensor([0])}


def trainer(total):
    data = SimpleNamespace(
        dataset=lambda split: range(total),
        eval_transform=EvalTransform((48, 64), [0.0] * 3, [1.0] * 3),
        data=SimpleNamespace(classes=("run",)),
    )
    return SimpleNamespace(is_global_zero=True, sanity_checking=False, datamodule=data, loggers=[], current_epoch=2)


def feed(callback, run, score):
    for start in range(0, 10, 5):
        positions = list(range(start, start + 5))
        targets = [{"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)} for _ in positions]
        batch = ClipBatch(positions, [(64, 48)] * 5, torch.full((5, 3, 8, 48, 64), 0.5), targets)
        callback.on_validation_batch_end(run, None, {"detections": [found(score)] * 5}, batch, 0)
    callback.on_validation_epoch_end(run, None)


def test_key_frames_over_the_whole_split_are_drawn_once_an_epoch(tmp_path):
    callback = KeyFramePictures(str(tmp_path), count=4)
    run = trainer(10)
    feed(callback, run, 0.9)
    bright = np.asarray(Image.open(tmp_path / "epoch_002.png"))
    feed(callback, run, 0.1)
    plain = np.asarray(Image.open(tmp_path / "epoch_002.png"))
    assert bright.shape == plain.shape
    assert (bright != plain).any(), "detections above the threshold are drawn, those below are not"
