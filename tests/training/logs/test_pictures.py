from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image

from yowo.contracts import ClipBatch
from yowo.data.augment import EvalTransform
from yowo.training.logs.pictures import KeyFramePictures, box_data


def found(score):
    return {"boxes": torch.tensor([[0.1, 0.1, 0.5, 0.5]]), "scores": torch.tensor([score]), "labels": torch.tensor([0])}


class Split(list):
    """A split of key frames of one video."""

    def __init__(self, total):
        super().__init__(range(total))
        self.key_frames = [SimpleNamespace(video="v", frame=index) for index in range(total)]


def trainer(total):
    data = SimpleNamespace(
        dataset=lambda split: Split(total),
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
    callback.on_validation_end(run, None)


def test_key_frames_over_the_whole_split_are_drawn_once_an_epoch(tmp_path):
    callback = KeyFramePictures(str(tmp_path), count=4)
    run = trainer(10)
    feed(callback, run, 0.9)
    bright = np.asarray(Image.open(tmp_path / "epoch_002.png"))
    feed(callback, run, 0.1)
    plain = np.asarray(Image.open(tmp_path / "epoch_002.png"))
    assert bright.shape == plain.shape
    assert (bright != plain).any(), "detections above the threshold are drawn, those below are not"


def test_overlays_name_class_and_score_and_the_best_of_several_actions():
    names = ["sit", "talk", "run", "wave"]
    box = torch.tensor([[0.1, 0.2, 0.5, 0.75]])
    one = box_data(box, torch.tensor([2]), torch.tensor([0.876]), names)[0]
    assert (one["class_id"], one["box_caption"]) == (2, "run 0.88")
    assert one["position"] == {"minX": box[0, 0].item(), "minY": box[0, 1].item(), "maxX": 0.5, "maxY": 0.75}
    assert one["scores"] == {"score": torch.tensor(0.876).item()}
    scores = torch.tensor([[0.7, 0.9, 0.0, 0.2]])
    several = box_data(box, scores, scores, names)[0]
    assert (several["class_id"], several["box_caption"]) == (1, "talk 0.90, sit 0.70, wave 0.20")
    true = box_data(box, torch.tensor([[1.0, 0, 0, 1]]), None, names)[0]
    assert sorted(true["box_caption"].split(", ")) == ["sit", "wave"] and "scores" not in true
