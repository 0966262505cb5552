import threading

import numpy as np
import pytest
import torch

from tests.inference.scenes import found_on, picture_of
from yowo.errors import VideoError, YowoError
from yowo.inference.frame_tracks import FinalTracks
from yowo.inference.stream_meter import StreamMeter
from yowo.inference.watching.output_group import OutputGroup
from yowo.inference.watching.watch import Watching, is_live, seen_frames, watch
from yowo.tubes.linkers import make_linker

FRAMES = 33
HOW = Watching("match", 0.3)


class Source:
    """Pictures that tell their number; a live one gives fewer than asked for, and drops some."""

    fps, width, height = 25.0, 320, 240

    def __init__(self, frames=FRAMES, live=False, breaks=None, seconds=None):
        self.left, self.live, self.breaks = iter(range(frames)), live, breaks
        self.length = None if live else frames
        self.asked, self.dropped, self.times = [], 0, seconds

    def read(self, count):
        self.asked.append(count)
        numbers = [number for _, number in zip(range(count), self.left, strict=False)]
        if self.breaks in numbers:
            raise VideoError(f"frame {self.breaks} cannot be decoded")
        self.dropped += self.live
        if self.times is not None:
            self.seconds = self.times[numbers]
        return np.array([picture_of(n) for n in numbers], np.uint8).reshape(-1, 240, 320, 3)


class Network:
    """Finds the people of the scene."""

    def __init__(self):
        self.count, self.threads = 0, set()

    def add(self, pictures, wanted):
        self.threads.add(threading.get_ident())
        first, self.count = self.count, self.count + len(pictures)
        return [found_on(frame) if flag else None for frame, flag in enumerate(wanted, first)]


class Kept:
    """An output that keeps what it gets."""

    def __init__(self, fails=None):
        self.frames, self.threads, self.fails, self.ends = [], set(), fails, []

    def write(self, frame):
        self.threads.add(threading.get_ident())
        if frame.result.frame == self.fails:
            raise YowoError("out.csv: disk full")
        self.frames.append(frame)

    def finish(self):
        self.ends.append("finish")

    def close(self):
        self.ends.append("close")

    def kept(self):
        return None


def watched(source, output, how=HOW, network=None, shown=iter):
    meter = StreamMeter()
    tracks = FinalTracks(make_linker("online", max_delay=10), 1, how.stride)
    frames = seen_frames(source, network or Network(), how, meter)
    watch(frames, tracks, OutputGroup([output]), how, meter, shown)
    return meter


@pytest.mark.parametrize("stride", [1, 4])
def test_outputs_get_every_frame_once_in_order_in_one_other_thread(stride):
    output, network = Kept(), Network()
    meter = watched(Source(), output, HOW._replace(stride=stride), network)
    assert [frame.result.frame for frame in output.frames] == list(range(FRAMES))
    assert [frame.result.picture[0, 0, 0] for frame in output.frames] == list(range(FRAMES))
    assert all(sorted(frame.tracks[frame.tracks > 0].tolist()) == [1, 2] for frame in output.frames)
    assert [round(frame.result.seconds * 25) for frame in output.frames] == list(range(FRAMES))
    assert output.ends == ["finish", "close"] and len(output.threads) == 1
    assert network.threads == {threading.get_ident()} and not output.threads & network.threads
    assert meter.frames == FRAMES and meter.latency > 0


def test_files_are_read_in_groups_and_live_sources_frame_by_frame():
    file, live = Source(), Source(live=True)
    watched(file, Kept())
    meter = watched(live, Kept())
    assert set(file.asked) == {8} and set(live.asked) == {1} and meter.dropped == FRAMES


def test_times_are_the_sources_own():
    times, output = np.cumsum(np.linspace(0, 1, FRAMES)), Kept()
    watched(Source(seconds=times), output)
    np.testing.assert_allclose([frame.result.seconds for frame in output.frames], times)


def test_a_source_that_does_not_say_it_is_live_if_its_length_is_unknown():
    class Plain:
        length = None

    assert is_live(Plain()) and not is_live(Source()) and is_live(Source(live=True))
    Plain.length = 5
    assert not is_live(Plain())


def test_frames_before_a_damaged_one_are_written_with_their_tubes():
    output = Kept()
    with pytest.raises(VideoError, match="frame 30 cannot be decoded"):
        watched(Source(breaks=30), output)
    assert [frame.result.frame for frame in output.frames] == list(range(24)), "read in groups of 8"
    assert output.frames[-1].tracks.all() and output.ends == ["finish", "close"]


def test_an_interruption_keeps_the_frames_until_then():
    output = Kept()

    def interrupted(frames):
        for seen in frames:
            yield seen
            if seen.frame == 20:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        watched(Source(), output, shown=interrupted)
    assert [frame.result.frame for frame in output.frames] == list(range(21)) and output.ends == ["finish", "close"]


def test_an_output_that_fails_ends_the_watch_and_is_closed():
    output, source = Kept(fails=3), Source(10_000)
    with pytest.raises(YowoError, match=r"out\.csv: disk full"):
        watched(source, output)
    assert len(output.frames) == 3 and output.ends == ["close"] and len(source.asked) < 20


def test_numbers_that_are_none_are_told_with_source_and_frame():
    class Diverged(Network):
        def add(self, pictures, wanted):
            found = super().add(pictures, wanted)
            return [{**one, "scores": one["scores"] * torch.nan} for one in found]

    output = Kept()
    with pytest.raises(YowoError, match="match, frame 0: a detection has a NaN"):
        watched(Source(), output, network=Diverged())
    assert output.ends == ["finish", "close"]


def test_a_source_without_frames_gives_nothing():
    output = Kept()
    watched(Source(0), output)
    assert output.frames == [] and output.ends == ["finish", "close"]
