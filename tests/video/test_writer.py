import numpy as np
import pytest

from tests.make_data import pictures
from yowo.errors import VideoError
from yowo.video.reader import open_video
from yowo.video.writer import VideoWriter


def test_what_is_written_can_be_read(tmp_path):
    frames = pictures(10, 0)
    with VideoWriter(tmp_path / "v.mp4", 12.5, (64, 48)) as writer:
        for frame in frames:
            writer.write(frame)
    with open_video(tmp_path / "v.mp4") as reader:
        assert (len(reader), reader.width, reader.height) == (10, 64, 48)
        assert reader.fps == pytest.approx(12.5)
        assert np.abs(reader.get_frames(range(10)).astype(int) - frames).mean() < 6


def test_odd_sides_get_a_black_border(tmp_path):
    with VideoWriter(tmp_path / "v.mp4", 25, (65, 47)) as writer:
        writer.write(np.full((47, 65, 3), 200, dtype=np.uint8))
    with open_video(tmp_path / "v.mp4") as reader:
        assert (reader.width, reader.height) == (66, 48)
        assert reader.get_frames([0])[0, 47].mean() < 60


def test_an_error_leaves_nothing_behind(tmp_path):
    with pytest.raises(RuntimeError, match="stop"), VideoWriter(tmp_path / "v.mp4", 25, (64, 48)) as writer:
        writer.write(pictures(1, 0)[0])
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "v.mp4").write_text("old")
    with VideoWriter(tmp_path / "v.mp4", 25, (64, 48)) as writer:
        writer.write(pictures(1, 0)[0])
        assert (tmp_path / "v.mp4").read_text() == "old"
    assert (tmp_path / "v.mp4").read_bytes() != b"old"


def test_wrong_folder_codec_and_frame_are_named(tmp_path):
    with pytest.raises(VideoError, match=r"the folder .*nowhere is missing"):
        VideoWriter(tmp_path / "nowhere" / "v.mp4", 25, (64, 48))
    with pytest.raises(VideoError, match=r"v\.mp4: cannot be written with no_codec"):
        VideoWriter(tmp_path / "v.mp4", 25, (64, 48), codec="no_codec")
    message = r"expected frames \[48, 64, 3\], got \[10, 10, 3\]"
    with pytest.raises(VideoError, match=message), VideoWriter(tmp_path / "v.mp4", 25, (64, 48)) as writer:
        writer.write(np.zeros((10, 10, 3), dtype=np.uint8))
