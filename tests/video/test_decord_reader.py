import sys

import pytest

from tests.make_data import pictures, write_video
from yowo.errors import VideoError
from yowo.video.decord_reader import DecordReader


def test_a_platform_without_decord_is_told_what_to_do(tmp_path, monkeypatch):
    write_video(tmp_path / "v.avi", pictures(4, 0))
    monkeypatch.setitem(sys.modules, "decord", None)
    with pytest.raises(VideoError, match=r"decord is not installed on this platform; use backend=pyav"):
        DecordReader(tmp_path / "v.avi")


def test_closing_drops_the_native_reader(tmp_path):
    write_video(tmp_path / "v.avi", pictures(4, 0))
    with DecordReader(tmp_path / "v.avi") as reader:
        assert len(reader) == 4
    assert reader._reader is None
