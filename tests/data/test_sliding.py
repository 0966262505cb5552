import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from tests.make_data import pictures, write_video
from yowo.contracts import Tube
from yowo.data import sliding
from yowo.data.augment import EvalTransform
from yowo.data.dataset import ClipDataset, collate
from yowo.data.key_frames import AnnotatedVideo, KeyFrames
from yowo.data.sliding import SharedWindows, SlidingBatches, as_it_is
from yowo.errors import VideoError
from yowo.video.frame_times import FrameTimes

TRANSFORM = EvalTransform((32, 64), mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Three videos; the second is larger, the last has one frame."""
    folder, found = tmp_path_factory.mktemp("sliding"), []
    for number, (frames, size) in enumerate(((17, (64, 48)), (12, (80, 64)), (1, (64, 48)))):
        path = folder / f"{number}.avi"
        write_video(path, pictures(frames, number, *size))
        tube = Tube(1, frames // 3, np.full((max(frames // 2, 1), 4), 0.25, np.float32))
        found.append(AnnotatedVideo(f"v{number}", str(path), frames, (320, 240), (tube,)))
    return found


def clip_by_clip(dataset, batch_size):
    """Positions, sizes, transformed clips and boxes of each batch, every clip read for itself."""
    for start in range(0, len(dataset), batch_size):
        batch = collate([dataset[p] for p in range(start, min(start + batch_size, len(dataset)))])
        yield batch.positions, batch.sizes, TRANSFORM(batch.clips, batch.targets)[0], batch.targets


def together(loaders):
    """The same of what sliding loaders give, in the order of the positions."""
    found = []
    for loader in loaders:
        windows = SharedWindows(TRANSFORM.frames)
        found += [(b.positions, b.sizes, windows.clips(b.shared), b.targets) for b in loader]
    return sorted(found, key=lambda batch: batch[0])


def assert_equal(found, wanted):
    assert len(found) == len(wanted) > 0
    for one, other in zip(found, wanted, strict=True):
        assert one[:2] == other[:2] and torch.equal(one[2], other[2])
        assert all(torch.equal(a[name], b[name]) for a, b in zip(one[3], other[3], strict=True) for name in b)


@pytest.mark.parametrize(
    ("frames", "clip_len", "dilation", "repeat", "batch_size"),
    [
        ("every", 8, 1, False, 4),
        ("every", 3, 2, False, 5),
        ("annotated", 4, 3, False, 1),
        ("every", 1, 1, False, 4),
        ("every", 8, 1, True, 40),
    ],
)
def test_clips_equal_those_that_are_read_one_by_one(videos, frames, clip_len, dilation, repeat, batch_size):
    keys = KeyFrames.every_frame(videos) if frames == "every" else KeyFrames.annotated(videos)
    dataset = ClipDataset(keys, clip_len, dilation, repeat)
    assert_equal(together([SlidingBatches(dataset, batch_size)]), list(clip_by_clip(dataset, batch_size)))


@pytest.mark.parametrize(("processes", "workers"), [(1, 3), (2, 1), (5, 4)])
def test_all_processes_and_workers_together_have_each_batch_once(videos, processes, workers, monkeypatch):
    dataset = ClipDataset(KeyFrames.every_frame(videos), 4, 2)
    loaders = []
    for rank in range(processes):
        for worker in range(workers):
            own = SlidingBatches(dataset, 4, workers, processes, rank)
            monkeypatch.setattr(sliding, "get_worker_info", lambda worker=worker: type("Info", (), {"id": worker}))
            loaders.append(list(own))
        assert sum(map(len, loaders[-workers:])) == len(own)
    assert_equal(together(loaders), list(clip_by_clip(dataset, 4)))


@pytest.mark.parametrize(("processes", "workers"), [(1, 1), (1, 2), (2, 2), (7, 1)])
def test_whole_videos_stay_with_one_worker_and_begin_a_batch_of_it(videos, processes, workers):
    dataset = ClipDataset(KeyFrames.every_frame(videos), 4)
    video = dataset.key_frames.video
    stretches, counted = [], 0
    for rank in range(processes):
        own = SlidingBatches(dataset, 5, workers, processes, rank, whole_videos=True)
        counted += len(own)
        stretches += [own._begins(rank * workers + worker) for worker in range(workers)]
    assert [stretch.start for stretch in stretches[1:]] + [len(dataset)] == [stretch.stop for stretch in stretches]
    assert stretches[0].start == 0 and counted == sum(map(len, stretches))
    for stretch in stretches:
        assert not len(stretch) or stretch.start == 0 or video[stretch.start - 1] != video[stretch.start]


def test_whole_videos_are_read_as_others(videos):
    dataset = ClipDataset(KeyFrames.every_frame(videos), 4)
    batches = list(SlidingBatches(dataset, 5, whole_videos=True))
    assert [batch.positions for batch in batches] == [list(range(n, n + 5)) for n in range(0, 30, 5)]


def test_real_workers_give_the_same(videos):
    dataset = ClipDataset(KeyFrames.every_frame(videos), 4)
    batches = SlidingBatches(dataset, 4, 2)
    loader = DataLoader(batches, batch_size=None, num_workers=2, collate_fn=as_it_is)
    assert len(loader) == 8
    assert_equal(together([loader]), list(clip_by_clip(dataset, 4)))


def test_each_frame_is_read_once_and_the_window_stays_as_long_as_a_clip_reaches(videos):
    dataset = ClipDataset(KeyFrames.every_frame(videos), 4, 2)
    windows, read, longest = SharedWindows(TRANSFORM.frames), 0, 0
    for batch in SlidingBatches(dataset, 2):
        windows.clips(batch.shared)
        read += sum(map(len, batch.shared.frames))
        longest = max(longest, windows._windows[0].shape[1])
    assert read == 17 + 12 + 1
    assert longest == 6 + 2, "the reach of a clip, and the two new frames"
    windows.forget()
    assert not windows._windows


def test_clips_that_are_sampled_by_time_share_frames_too(videos):
    first = videos[0]
    times = FrameTimes(np.arange(17) / 24)
    timed = AnnotatedVideo(first.name, first.path, 17, first.size, first.tubes, times=times)
    dataset = ClipDataset(KeyFrames.every_frame([timed]), 4, 2)
    assert_equal(together([SlidingBatches(dataset, 4)]), list(clip_by_clip(dataset, 4)))


def test_a_second_test_begins_with_an_empty_window(videos):
    dataset = ClipDataset(KeyFrames.every_frame(videos), 4)
    windows, batches = SharedWindows(TRANSFORM.frames), SlidingBatches(dataset, 4)
    first, second = ([windows.clips(batch.shared) for batch in batches] for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_frame_that_cannot_be_read_names_the_first_clip_that_needs_it(videos, monkeypatch):
    dataset = ClipDataset(KeyFrames.every_frame(videos), 4)
    real = sliding.open_video

    class Damaged:
        def __init__(self, *args, **options):
            self.reader = real(*args, **options)

        def __getattr__(self, name):
            return getattr(self.reader, name)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.reader.close()

        def get_frames(self, indices):
            if max(indices) >= 6:
                raise VideoError("frame 6 is damaged")
            return self.reader.get_frames(indices)

    monkeypatch.setattr(sliding, "open_video", Damaged)
    monkeypatch.setattr("yowo.data.dataset.open_video", Damaged)
    with pytest.raises(
        VideoError, match=r"video v0, key frame 6 \(counted from 0\) cannot be read: frame 6 is damaged"
    ):
        list(SlidingBatches(dataset, 4))
