import logging

import numpy as np
import pytest
from PIL import Image

from tests.make_data import pictures, write_video
from yowo.data.key_frames import AnnotatedVideo
from yowo.datasets.ava_films import film_files, open_films, open_pictures, set_clock, start_of
from yowo.errors import DatasetError
from yowo.video.frame_times import FrameTimes


def film(seconds, rate=25):
    times = FrameTimes.even(seconds * rate, rate)
    return AnnotatedVideo("f", "f.mp4", seconds * rate, (64, 48), (), times=times)


def test_films_are_found_by_name_in_four_containers_and_one_folder_down(tmp_path):
    for name in ("a.mp4", "b.MKV", "sub/c.webm", "d.avi", "stranger.mp4", "e.txt"):
        (tmp_path / "videos" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "videos" / name).write_text("")
    found = film_files(tmp_path, ["a", "b", "c", "d", "e", "f"])
    assert {name: path.name for name, path in found.items()} == {
        "a": "a.mp4",
        "b": "b.MKV",
        "c": "c.webm",
        "d": "d.avi",
    }
    (tmp_path / "videos" / "a.mkv").write_text("")
    with pytest.raises(DatasetError, match=r"a\.mp4: is the same film as .*a\.mkv; remove one of them"):
        film_files(tmp_path, ["a"])


def test_films_know_size_and_times_and_the_unreadable_are_left_out(tmp_path, caplog):
    write_video(tmp_path / "a.mp4", pictures(24, 0), "libx264", fps=24)
    (tmp_path / "b.mp4").write_text("no film")
    files = {name: tmp_path / f"{name}.mp4" for name in ("a", "b")}
    with caplog.at_level(logging.WARNING):
        (found,) = open_films(files, "skip")
    assert (found.name, found.num_frames, found.size) == ("a", 24, (64, 48))
    assert found.times.end == pytest.approx(1.0)
    assert "b.mp4" in caplog.text
    with pytest.raises(DatasetError, match=r"1 of 2 videos cannot be read"):
        open_films(files, "error")


def test_long_films_are_not_given_to_the_reader_that_numbers_them_for_every_clip(tmp_path, monkeypatch):
    write_video(tmp_path / "a.mp4", pictures(24, 0), "libx264")
    files = {"a": tmp_path / "a.mp4"}
    assert open_films(files, "error")[0].backend == "decord"
    monkeypatch.setattr("yowo.video.readable_videos.LONG", 24)
    assert open_films(files, "error")[0].backend == "pyav"


def write_pictures(folder, numbers):
    folder.mkdir(parents=True)
    for number in numbers:
        Image.new("RGB", (40, 30)).save(folder / f"{folder.name}_{number:06d}.jpg")


def test_pictures_are_thirty_a_second(tmp_path):
    write_pictures(tmp_path / "frames" / "a", range(1, 61))
    (found,) = open_pictures(tmp_path, ["a", "gone"])
    assert (found.name, found.num_frames, found.size, found.backend) == ("a", 60, (40, 30), "frames")
    assert found.times.frames_at(np.array([0.0, 1.0, 1.99])).tolist() == [0, 30, 59] and found.times.end == 2.0


@pytest.mark.parametrize("numbers", [[1, 2, 4], [0, 1, 2], []])
def test_a_missing_picture_is_an_error_because_all_later_ones_would_move(tmp_path, numbers):
    write_pictures(tmp_path / "frames" / "a", numbers)
    with pytest.raises(DatasetError, match=r"frames/a: expected pictures a_000001\.jpg to .* without a gap"):
        open_pictures(tmp_path, ["a"])


def test_a_broken_first_picture_is_named(tmp_path):
    write_pictures(tmp_path / "frames" / "a", [1])
    (tmp_path / "frames" / "a" / "a_000001.jpg").write_text("nothing")
    with pytest.raises(DatasetError, match=r"a_000001\.jpg: not a readable picture"):
        open_pictures(tmp_path, ["a"])


@pytest.mark.parametrize(
    ("length", "last", "start", "expected"),
    [
        (7200, 1798, "auto", 0),
        (1797.5, 1798, "auto", 0),
        (901, 1798, "auto", 900),
        (26.4, 925, "auto", 900),
        (7200, 1798, 900, 900),
        (901, 1798, 0, 0),
        (901, 1798, 1.5, 1.5),
    ],
)
def test_whole_films_begin_at_zero_and_cut_ones_at_900_unless_told_otherwise(length, last, start, expected):
    assert start_of(film(1), length, last, start) == expected


def test_the_clock_shows_timestamps_and_keeps_what_is_near_the_annotated_ones():
    clock = set_clock(film(200), 900.0, 0.0, np.array([1000.0, 1010.0]))
    assert clock.frames_at(np.array([1000.0, 1010.0])).tolist() == [2500, 2750]
    assert len(clock.seconds) == 130 * 25 + 1
    early = set_clock(film(200), 900.0, -1 / 30, np.array([1000.0]))
    assert early.frames_at(np.array([1000.0])).tolist() == [2499]
