import pytest

from tests.make_data import pictures, write_video
from yowo.errors import VideoError
from yowo.video.probe import VideoInfo, probe_video, probe_videos


def test_facts_of_a_video(tmp_path):
    write_video(tmp_path / "v.avi", pictures(12, 0), fps=10)
    assert probe_video(tmp_path / "v.avi") == VideoInfo(12, 10.0, 64, 48, "decord")


def test_all_bad_files_are_reported_at_once(tmp_path):
    write_video(tmp_path / "good.avi", pictures(8, 0))
    (tmp_path / "text.avi").write_text("text")
    (tmp_path / "empty.avi").touch()
    paths = [str(tmp_path / name) for name in ("good.avi", "text.avi", "empty.avi", "gone.avi")]
    infos, reasons = probe_videos(paths)
    assert list(infos) == paths[:1] and list(reasons) == paths[1:]
    assert "there is no such video" in reasons[paths[3]]


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(VideoError, match=r"gone\.avi: there is no such video"):
        probe_video(tmp_path / "gone.avi")
