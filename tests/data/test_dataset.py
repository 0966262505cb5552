import numpy as np
import pytest
import torch

from tests.make_data import pictures, write_video
from yowo.contracts import Tube
from yowo.data.dataset import ClipDataset, collate
from yowo.data.key_frames import AnnotatedVideo, KeyFrames
from yowo.data.samplers import Draw
from yowo.errors import VideoError
from yowo.video.frame_times import FrameTimes


def number(frame: torch.Tensor) -> int:
    """Read the number that `pictures` wrote into a frame [3, H, W]."""
    return sum(int(frame[:, 2:6, b * 8 + 2 : b * 8 + 6].float().mean() > 128) << b for b in range(8))


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "v.avi"
    write_video(path, pictures(30, 0))
    tube = Tube(1, 3, np.full((20, 4), 0.25, dtype=np.float32))
    return AnnotatedVideo("v", str(path), 30, (320, 240), (tube,))


def test_a_sample_is_the_clip_that_ends_at_the_key_frame(video):
    sample = ClipDataset(KeyFrames.annotated([video]), clip_len=8)[10]
    assert sample.frames.shape == (8, 3, 48, 64) and sample.frames.dtype == torch.uint8
    assert [number(f) for f in sample.frames] == list(range(6, 14))
    assert (sample.position, sample.size, sample.target["labels"].tolist()) == (10, (320, 240), [1])
    assert torch.allclose(sample.target["boxes"], torch.tensor(0.25))


def test_the_cache_gives_the_same_frames(video):
    keys = KeyFrames.annotated([video])
    plain, cached = ClipDataset(keys, 8), ClipDataset(keys, 8, cache=True)
    for index in (0, 5, 0):
        assert torch.equal(plain[index].frames, cached[index].frames)


def test_one_of_several_dilations_is_drawn_for_each_clip(video):
    dataset = ClipDataset(KeyFrames.annotated([video]), 8, dilation=[1, 2])
    firsts = [number(dataset[Draw(16, epoch)].frames[0]) for epoch in range(30)]
    assert set(firsts) == {19 - 7, 19 - 14}


def test_what_is_drawn_depends_on_seed_epoch_and_position_alone(video):
    def firsts(seed, epoch, order=range(20)):
        dataset = ClipDataset(KeyFrames.annotated([video]), 8, dilation=[1, 2, 3], seed=seed)
        found = {position: number(dataset[Draw(position, epoch)].frames[0]) for position in order}
        return [found[position] for position in range(20)]

    torch.manual_seed(5)
    once = firsts(0, 3)
    assert firsts(0, 3, order=reversed(range(20))) == once
    assert firsts(0, 4) != once and firsts(1, 3) != once


def test_the_control_repeats_the_key_frame(video):
    sample = ClipDataset(KeyFrames.annotated([video]), 8, repeat_key_frame=True)[4]
    assert {number(f) for f in sample.frames} == {7}


def test_a_batch_keeps_pictures_of_different_sizes(video):
    sample = ClipDataset(KeyFrames.annotated([video]), 8)[0]
    batch = collate([sample, sample._replace(position=1, frames=torch.zeros(8, 3, 20, 30, dtype=torch.uint8))])
    assert batch.positions == [0, 1]
    assert [tuple(c.shape) for c in batch.clips] == [(8, 3, 48, 64), (8, 3, 20, 30)]


def test_a_video_that_vanished_is_named(video):
    gone = AnnotatedVideo("gone", "/nowhere/gone.avi", 30, (320, 240), video.tubes)
    with pytest.raises(VideoError, match=r"/nowhere/gone\.avi: there is no such video"):
        ClipDataset(KeyFrames.annotated([gone]), 8)[0]


def test_clips_of_films_go_by_time_and_end_at_the_timestamp(video):
    times = FrameTimes.even(30, 24).shifted(900)
    film = AnnotatedVideo("v", video.path, 30, (320, 240), (), times=times)
    one = np.zeros(1, dtype=np.int64)
    first_box = np.zeros(2, dtype=np.int64)
    boxes = np.zeros((0, 4), dtype=np.float32)
    keys = KeyFrames([film], one, one + 24, first_box, boxes, one[:0], seconds=np.array([901.0]))
    moments = [1 - n / 30 for n in range(9, -1, -1)]
    expected = [int(moment * 24 + 1e-6) for moment in moments]
    assert [number(f) for f in ClipDataset(keys, 10)[0].frames] == expected
    assert expected == [16, 17, 18, 19, 20, 20, 21, 22, 23, 24]
    assert keys.seconds[0] == 901.0
    assert [number(f) for f in ClipDataset(keys, 20, dilation=2)[0].frames][:6] == [0, 0, 0, 0, 0, 1]
