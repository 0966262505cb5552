import pytest

from tests.make_data import pictures, write_video
from yowo.errors import VideoError
from yowo.video.backends import choose_backend


def test_ordinary_files_go_to_decord_and_folders_to_pictures(tmp_path):
    write_video(tmp_path / "v.avi", pictures(10, 0))
    assert choose_backend(tmp_path / "v.avi") == "decord"
    assert choose_backend(tmp_path) == "frames"


def test_a_file_that_promises_more_frames_than_it_has_is_kept_from_decord(tmp_path):
    write_video(tmp_path / "v.avi", pictures(30, 0))
    whole = (tmp_path / "v.avi").read_bytes()
    (tmp_path / "v.avi").write_bytes(whole[: len(whole) * 2 // 3])
    assert choose_backend(tmp_path / "v.avi") == "pyav"


def test_no_video_is_an_error(tmp_path):
    (tmp_path / "v.mp4").write_text("text")
    with pytest.raises(VideoError, match=r"v\.mp4: not a readable video"):
        choose_backend(tmp_path / "v.mp4")
