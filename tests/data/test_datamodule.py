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


def test_the_uneven_batch_of_training_can_be_kept(path):
    data = module(OneVideo(path), drop_last=False)
    assert [len(batch.positions) for batch in data.train_dataloader()] == [4, 4, 2]


def test_workers_give_the_same_clips(path):
    alone, helped = module(OneVideo(path)), module(OneVideo(path), num_workers=2)
    for a, b in zip(alone.val_dataloader(), helped.val_dataloader(), strict=True):
        assert a.positions == b.positions and all(torch.equal(x, y) for x, y in zip(a.clips, b.clips, strict=True))


@pytest.mark.parametrize("training", [True, False])
def test_batches_are_transformed_after_transfer_with_augmentation_in_training_only(path, training):
    data = module(OneVideo(path))
    data.trainer = SimpleNamespace(training=training, current_epoch=0)
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


def epoch_of(data, epoch=0):
    """Positions and first frames of an epoch of training."""
    loader = data.train_dataloader()
    loader.sampler.set_epoch(epoch)
    batches = list(loader)
    return [p for b in batches for p in b.positions], [clip for b in batches for clip in b.clips]


def test_an_epoch_of_training_is_the_same_for_any_number_of_workers_and_changes_with_seed_and_epoch(path):
    orders = []
    for workers, seed, epoch in ((0, 0, 1), (2, 0, 1), (0, 0, 2), (0, 3, 1)):
        data = module(OneVideo(path), num_workers=workers, seed=seed, train_dilation=[1, 2, 3], cache=True)
        torch.rand(workers + 3)  # what other code draws does not matter
        orders.append(epoch_of(data, epoch))
    one, two = orders[:2]
    assert one[0] == two[0] and all(torch.equal(a, b) for a, b in zip(one[1], two[1], strict=True))
    assert one[0] != orders[2][0] and one[0] != orders[3][0]


def test_workers_that_stay_alive_learn_of_the_next_epoch(path):
    fresh = [epoch_of(module(OneVideo(path), train_dilation=[1, 2, 3]), epoch) for epoch in range(3)]
    data = module(OneVideo(path), num_workers=1, train_dilation=[1, 2, 3])
    loader = data.train_dataloader()
    for epoch in range(3):
        loader.sampler.set_epoch(epoch)
        clips = [clip for batch in loader for clip in batch.clips]
        assert all(torch.equal(a, b) for a, b in zip(clips, fresh[epoch][1], strict=True))


def test_the_stride_thins_an_epoch_out_and_moves_on(path):
    data = module(OneVideo(path), key_frame_stride=2)
    for epoch in (0, 1):
        seen = epoch_of(data, epoch)[0]  # 5 key frames an epoch, batches of 4
        assert len(set(seen)) == 4 and {position % 2 for position in seen} == {epoch}


def test_augmentation_draws_by_seed_epoch_and_samples_alone(path):
    def augmented(seed=0, epoch=0, skip=0):
        data = module(OneVideo(path), seed=seed)
        data.train_transform.jitter, data.train_transform.flip = 0.2, 0.5
        data.trainer = SimpleNamespace(training=True, current_epoch=epoch)
        torch.rand(skip)
        return data.on_after_batch_transfer(next(iter(data.val_dataloader())), 0).clips

    once = augmented()
    assert torch.equal(once, augmented(skip=7))
    assert not torch.equal(once, augmented(epoch=1)) and not torch.equal(once, augmented(seed=1))


def test_a_few_training_clips_can_be_all_that_training_and_validation_see(path):
    source = OneVideo(path)
    held_out = [AnnotatedVideo("other", str(path), 10, (320, 240), source.list[0].tubes)]
    source.videos = lambda split: source.list if split == "train" else held_out
    source.key_frames = lambda split: KeyFrames.annotated(source.videos(split))
    data = module(source, overfit_clips=4)
    seen = [data.dataset(stage).key_frames for stage in ("train", "val")]
    assert [[key.frame for key in keys] for keys in seen] == [[0, 3, 6, 9]] * 2
    assert [key.video for key in seen[1]] == ["v"] * 4 and [v.name for v in data.videos("val")] == ["v"]
    assert sorted(p for batch in data.train_dataloader() for p in batch.positions) == [0, 1, 2, 3]
    assert len(data.dataset("test")) == 10 and [v.name for v in data.videos("test")] == ["other"]
