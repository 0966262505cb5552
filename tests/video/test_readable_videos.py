import pytest

from tests.make_data import pictures, write_video
from yowo.errors import ConfigError, DatasetError
from yowo.video.readable_videos import readable


def test_unreadable_videos_are_fatal_skipped_or_a_wrong_choice(tmp_path):
    write_video(tmp_path / "good.avi", pictures(8, 0))
    (tmp_path / "bad.avi").write_text("text")
    paths = {"good": str(tmp_path / "good.avi"), "bad": str(tmp_path / "bad.avi")}
    assert list(readable(paths, "skip")) == ["good"]
    with pytest.raises(DatasetError, match=r"1 of 2 videos cannot be read; the first: .*bad\.avi.*on_unreadable=skip"):
        readable(paths, "error")
    with pytest.raises(DatasetError, match=r"1 of 1 videos cannot be read"):
        readable({"bad": paths["bad"]}, "skip")
    with pytest.raises(ConfigError, match=r"dataset\.on_unreadable: expected error or skip, got 'stop'"):
        readable(paths, "stop")


def test_the_decoder_is_chosen_where_both_can_read(tmp_path):
    write_video(tmp_path / "good.avi", pictures(8, 0))
    paths = {"good": str(tmp_path / "good.avi")}
    assert readable(paths, "error", "decord")["good"].backend == "decord"
    assert readable(paths, "error", "pyav")["good"].backend == "pyav"
    with pytest.raises(ConfigError, match=r"decoder: expected decord or pyav, got 'fast'"):
        readable(paths, "error", "fast")
