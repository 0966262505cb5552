from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.make_data import pictures, write_video
from yowo.contracts import Tube
from yowo.data.augment import EvalTransform, TrainTransform
from yowo.data.datamodule import ClipDataModule
from yowo.data.key_frames import AnnotatedVideo, KeyFrames
from yowo.errors import DatasetError


class OneVideo:
    classes = ("run",)

    def __init__(self, path, frames=10):
        tube = Tube(0, 0, np.tile(np.float32([0.1, 0.2, 0.5, 0.9]), (frames, 1)))
        self.list = [AnnotatedVideo("v", str(path), 10, (320, 240), (tube,) if frames else ())]

    def prepare(self):
        self.prepared = True

    def videos(self, split):
        return self.list

    def key_frames(self, split):
        return KeyFrames.annotated(self.list)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("one") / "v.avi"
    write_video(path, pictures(10, 0))
    return path


def module(source, **options):
    norm = {"image_size": (32, 64), "mean": [0.0] * 3, "std": [1.0] * 3}
    return ClipDataModule(
        source, TrainTransform(flip=1.0, jitter=0.0, **norm), EvalTransform(**norm), clip_len=8, batch_size=4, **options
    )


def test_training_shuffles_and_leaves_the_uneven_batch_out_evaluation_keeps_all_in_order(path):
    data = module(OneVideo(path))
    data.setup("fit")
    seen = [p for batch in data.train_dataloader() for p in batch.positions]
    assert len(seen) == 8 and len(set(seen)) == 8
    assert [p for batch in data.val_dataloader() for p in batch.positions] == list(range(10))
    assert [p for batch in data.test_dataloader() for p in batch.positions] == list(range(10))


def test_workers_give_the_same_clips(path):
    alone, helped = module(OneVideo(path)), module(OneVideo(path), num_workers=2)
    for a, b in zip(alone.val_dataloader(), helped.val_dataloader(), strict=True):
        assert a.positions == b.positions and all(torch.equal(x, y) for x, y in zip(a.clips, b.clips, strict=True))


@pytest.mark.parametrize("training", [True, False])
def test_batches_are_transformed_after_transfer_with_augmentation_in_training_only(path, training):
    data = module(OneVideo(path))
    data.trainer = SimpleNamespace(training=training)
    batch = next(iter(data.val_dataloader()))
    moved = data.on_after_batch_transfer(batch, 0)
    assert moved.clips.shape == (4, 3, 8, 32, 64) and moved.clips.dtype == torch.float32
    expected = [0.5, 0.2, 0.9, 0.9] if training else [0.1, 0.2, 0.5, 0.9]
    assert moved.targets[0]["boxes"][0].tolist() == pytest.approx(expected)
    assert data.on_after_batch_transfer(moved, 0) is moved


def test_a_split_without_annotation_is_an_error(path):
    with pytest.raises(DatasetError, match=r"the val split has no annotated frame; check dataset\.root and val_videos"):
        module(OneVideo(path, frames=0)).dataset("val")


def test_preparation_is_the_data_sets(path):
    source = OneVideo(path)
    module(source).prepare_data()
    assert source.prepared
