import pytest

from benchmarks.film import find_clips, make_film
from tests.make_data import pictures, write_video
from yowo.errors import VideoError
from yowo.video.reader import open_video


def test_a_film_has_its_length_size_and_rate_and_is_the_same_each_time(tmp_path):
    write_video(tmp_path / "in" / "deep" / "a.mp4", pictures(70, 0))
    written = []
    for name in ("one", "two"):
        make_film(tmp_path / f"{name}.mp4", find_clips(tmp_path / "in"), 1.5, written.append)
    with open_video(tmp_path / "one.mp4") as film:
        frames = film.get_frames([0, 44])
        assert len(film) == 45 and film.fps == 30 and frames.shape == (2, 720, 1280, 3)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert written[-1] == 45


def test_a_folder_without_videos_is_an_error(tmp_path):
    with pytest.raises(VideoError, match="expected a folder with videos"):
        find_clips(tmp_path)
