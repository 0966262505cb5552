import logging
import sys

import pytest

from tests.video.video_files import KINDS, copy_packets
from yowo.errors import ConfigError, VideoError
from yowo.video import backends
from yowo.video.backends import choose_backend, usable_decoder


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_file_goes_to_a_decoder_that_reads_it_exactly(video, name):
    assert choose_backend(video(name)) == KINDS[name][2]


def test_a_folder_goes_to_pictures(tmp_path):
    assert choose_backend(tmp_path) == "frames"


def test_a_file_that_promises_more_frames_than_it_has_is_kept_from_decord(tmp_path, videos):
    whole = (videos / "mpeg4.avi").read_bytes()
    (tmp_path / "v.avi").write_bytes(whole[: len(whole) * 2 // 3])
    assert choose_backend(tmp_path / "v.avi") == "sequential"


@pytest.mark.parametrize(("first", "shift"), [(5, 0), (0, -5)], ids=["begins between key frames", "edit list"])
def test_files_with_packets_that_give_no_frame_are_kept_from_decord(tmp_path, video, first, shift):
    copy_packets(video("h264_closed.mp4"), tmp_path / "v.mp4", first, shift)
    assert choose_backend(tmp_path / "v.mp4") == "pyav"


def test_no_video_is_an_error(tmp_path):
    (tmp_path / "v.mp4").write_text("text")
    with pytest.raises(VideoError, match=r"v\.mp4: not a readable video"):
        choose_backend(tmp_path / "v.mp4")


@pytest.mark.parametrize("name", KINDS)
def test_with_pyav_as_decoder_every_whole_file_goes_to_pyav(video, name):
    assert choose_backend(video(name), "pyav") == "pyav"


def test_a_damaged_file_is_read_in_one_way_with_either_decoder(tmp_path, videos):
    whole = (videos / "mpeg4.avi").read_bytes()
    (tmp_path / "v.avi").write_bytes(whole[: len(whole) * 2 // 3])
    assert choose_backend(tmp_path / "v.avi", "pyav") == "sequential"


def test_missing_decord_is_reported_once_and_replaced_by_pyav(monkeypatch, caplog):
    pytest.importorskip("decord", reason="there is no decord on this platform")
    backends._warn_of_missing_decord.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert usable_decoder("decord") == "decord" and usable_decoder("pyav") == "pyav"
        assert not caplog.records
        monkeypatch.setitem(sys.modules, "decord", None)
        assert usable_decoder("pyav") == "pyav" and not caplog.records
        assert usable_decoder("decord") == usable_decoder("decord") == "pyav"
    assert [record.getMessage()[:24] for record in caplog.records] == ["decord is not installed,"]


def test_an_unknown_decoder_is_named():
    with pytest.raises(ConfigError, match=r"^decoder: expected decord or pyav, got 'opencv'$"):
        usable_decoder("opencv")
