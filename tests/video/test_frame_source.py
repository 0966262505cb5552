import numpy as np
import pytest

from tests.make_data import pictures
from tests.video.video_files import COUNT, difference, sequential
from yowo.errors import ConfigError, VideoError
from yowo.video.frame_source import ReaderSource, open_file


class Reader:
    """A reader over an array."""

    fps, width, height = 12.5, 64, 48

    def __init__(self, frames):
        self.frames, self.open = frames, True

    def __len__(self):
        return len(self.frames)

    def get_frames(self, indices):
        return self.frames[list(indices)]

    def close(self):
        self.open = False


@pytest.mark.parametrize("count", [1, 4, 19, 50])
def test_frames_come_in_order_fewer_at_the_end_and_then_none(count):
    frames = pictures(19, 0)
    source = ReaderSource(Reader(frames))
    assert (source.fps, source.width, source.height, source.length) == (12.5, 64, 48, 19)
    parts = [source.read(count) for _ in range(-(-19 // count))]
    assert [len(part) for part in parts[:-1]] == [count] * (len(parts) - 1)
    assert np.array_equal(np.concatenate(parts), frames)
    for _ in range(2):
        assert source.read(count).shape == (0, 48, 64, 3) and source.read(count).dtype == np.uint8


def test_leaving_the_block_closes_the_video():
    with ReaderSource(Reader(pictures(2, 0))) as source:
        assert source.reader.open
    assert not source.reader.open


@pytest.mark.parametrize("decoder", ["decord", "pyav"])
def test_a_file_is_opened_with_the_decoder_that_is_asked_for(videos, decoder):
    with open_file(str(videos / "mpeg4.avi"), decoder) as source:
        assert source.reader.backend == decoder
        assert difference(source.read(COUNT), sequential(videos / "mpeg4.avi")) == 0


def test_what_cannot_be_opened_is_an_error(videos):
    with pytest.raises(VideoError, match=r"gone\.mp4: there is no such video; check the path"):
        open_file("gone.mp4")
    with pytest.raises(ConfigError, match=r"decoder: expected decord or pyav, got 'opencv'"):
        open_file(str(videos / "mpeg4.avi"), "opencv")
