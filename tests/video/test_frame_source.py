import numpy as np
import pytest
from PIL import Image

from tests.make_data import pictures
from tests.video.video_files import COUNT, difference, encode, sequential
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


def test_times_are_those_of_the_file_also_if_its_rate_varies(tmp_path):
    times = [0, 1, 2, 12, 13, 14]
    encode(tmp_path / "varied.mkv", pictures(6, 0), "libx264", {"bf": "0"}, times=[7 + time for time in times])
    with open_file(str(tmp_path / "varied.mkv"), "pyav") as source:
        assert not source.live and source.dropped == 0
        source.read(4)
        assert source.seconds.tolist() == pytest.approx([0, 0.04, 0.08, 0.48], abs=2e-3)
        source.read(4)
        assert source.seconds.tolist() == pytest.approx([0.52, 0.56], abs=2e-3)
        source.read(4)
        assert len(source.seconds) == 0


def test_pictures_have_a_constant_rate(tmp_path):
    for number, picture in enumerate(pictures(3, 0)):
        Image.fromarray(picture).save(tmp_path / f"{number}.png")
    with open_file(str(tmp_path)) as source:
        source.read(3)
        assert source.seconds.tolist() == pytest.approx([0, 0.04, 0.08])
