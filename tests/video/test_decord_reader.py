import sys

import pytest

from tests.make_data import pictures
from tests.video.video_files import CLOSED, COUNT, difference, encode, sequential
from yowo.errors import VideoError
from yowo.video.decord_reader import DecordReader


def test_a_platform_without_decord_is_told_what_to_do(videos, monkeypatch):
    monkeypatch.setitem(sys.modules, "decord", None)
    with pytest.raises(VideoError, match=r"decord is not installed, or cannot be loaded; use backend=pyav"):
        DecordReader(videos / "mpeg4.avi")


def test_closing_drops_the_native_reader(videos):
    with DecordReader(videos / "mpeg4.avi") as reader:
        assert len(reader) == COUNT
    assert reader._reader is None


def test_a_file_without_timestamps_is_refused(video):
    with pytest.raises(VideoError, match=r"bare\.h264: decord refuses it"):
        DecordReader(video("bare.h264"))


def test_behind_damage_pyav_gives_what_can_be_decoded(tmp_path):
    path = tmp_path / "v.mp4"
    encode(path, pictures(COUNT, 0), "libx264", {"x264-params": CLOSED}, container_options={"movflags": "faststart"})
    whole = path.read_bytes()
    half = len(whole) * 6 // 10
    path.write_bytes(whole[:half] + bytes(len(whole) - half))
    expected = sequential(path)
    assert 5 < len(expected) < COUNT
    with DecordReader(path) as reader:
        with pytest.raises(VideoError, match=r"frame 44 cannot be decoded, the file is damaged after frame \d+"):
            reader.get_frames([0, 44])
        assert reader.gave_up
        assert difference(reader.get_frames(range(len(expected))), expected) == 0
