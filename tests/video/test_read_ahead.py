import threading
from itertools import count as counted

import numpy as np
import pytest

from tests.make_data import pictures
from yowo.errors import VideoError
from yowo.video.frame_source import ReaderSource
from yowo.video.live_source import LiveSource
from yowo.video.read_ahead import ReadAhead, read_ahead


class Reader:
    """A reader over an array, which may fail at a frame."""

    backend, fps, width, height = "pyav", 12.5, 64, 48

    def __init__(self, frames, fails_at=None):
        self.frames, self.fails_at, self.open, self.asked = frames, fails_at, True, 0

    def __len__(self):
        return len(self.frames)

    def get_frames(self, indices):
        assert self.open
        if self.fails_at in indices:
            raise VideoError(f"frame {self.fails_at} cannot be decoded")
        self.asked = indices[-1] + 1
        return self.frames[list(indices)]

    def close(self):
        self.open = False


class Camera:
    """A source of another package, without the members that may be left out."""

    fps, width, height, length = 10.0, 64, 48, None

    def __init__(self, frames):
        self.frames, self.counts = frames, []

    def read(self, count):
        self.counts.append(count)
        taken, self.frames = self.frames[:count], self.frames[count:]
        return taken

    def close(self):
        pass


@pytest.mark.parametrize("counts", [(1,), (8,), (3, 5, 1), (50,), (8, 3)])
def test_frames_and_times_are_those_of_the_source(counts):
    frames, times = pictures(29, 0), np.cumsum(np.arange(29) % 3 + 1) / 25
    with ReadAhead(ReaderSource(Reader(frames), times)) as source:
        assert (source.fps, source.width, source.height, source.length, source.live) == (12.5, 64, 48, 29, False)
        seen, seconds = [], []
        for count in (counts[turn % len(counts)] for turn in counted()):
            part = source.read(count)
            if not len(part):
                break
            assert len(part) == min(count, 29 - sum(map(len, seen)))
            seen.append(part)
            seconds.append(source.seconds)
        assert np.array_equal(np.concatenate(seen), frames)
        assert np.allclose(np.concatenate(seconds), times - times[0])
        assert source.read(2).shape == (0, 48, 64, 3) and len(source.seconds) == 0 and source.dropped == 0


def test_only_so_much_is_decoded_in_advance(monkeypatch):
    monkeypatch.setattr("yowo.video.read_ahead.MOST_BYTES", 64 * 48 * 3 * 4)
    reader = Reader(pictures(60, 0))
    with ReadAhead(ReaderSource(reader)) as source:
        for number in range(20):
            source.read(1)
            assert reader.asked <= number + 1 + 4 + 2 * 2
    assert not reader.open


def test_frames_before_damage_are_read_and_then_the_error_comes():
    with ReadAhead(ReaderSource(Reader(pictures(20, 0), fails_at=9))) as source:
        assert [len(source.read(4)) for _ in range(2)] == [4, 4]
        for _ in range(2):
            with pytest.raises(VideoError, match="frame 9 cannot be decoded"):
                source.read(4)


def test_the_thread_begins_with_the_first_read_and_ends_with_the_block():
    before = threading.active_count()
    with ReadAhead(ReaderSource(Reader(pictures(200, 0)))) as source:
        assert threading.active_count() == before
        source.read(1)
    assert threading.active_count() == before
    assert source.read(1).shape[0] == 0


def test_what_a_source_of_another_package_leaves_out_is_filled_in():
    camera = Camera(pictures(5, 0))
    with ReadAhead(camera) as source:
        seconds = []
        while len(source.read(8)):
            seconds += source.seconds.tolist()
        assert source.live and source.dropped == 0 and seconds == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert set(camera.counts) == {1}  # no frame waits for others


def test_a_source_with_a_thread_of_its_own_gets_no_second_one():
    live = LiveSource.__new__(LiveSource)
    assert read_ahead(live) is live
    source = ReaderSource(Reader(pictures(2, 0)))
    assert read_ahead(source).source is source
