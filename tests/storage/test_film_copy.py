import os
import resource
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from tests.film_cases import FILM_RATE, film, key_frames, psnr, shown_at, sound_first, turn
from tests.make_data import write_video
from tests.video.video_files import difference
from yowo.errors import ConfigError, VideoError
from yowo.storage import film_copy
from yowo.storage.film_copy import copy_film, unfinished_path
from yowo.storage.transcoder import Recipe, TargetError
from yowo.video.decord_reader import DecordReader
from yowo.video.frame_times import read_frame_times
from yowo.video.probe import probe_video
from yowo.video.pyav_reader import PyAVReader

QUICK = Recipe(short_side=64, preset="ultrafast")
LEAST = 30.0


def frames_of(path):
    with PyAVReader(path) as reader:
        return reader.get_frames(range(len(reader)))


def files(folder):
    return sorted(path.name for path in folder.iterdir())


SOURCES = {
    "constant rate": lambda path: film(path / "v.mp4"),
    "23.976": lambda path: film(path / "v.mkv", tick=1 / FILM_RATE),
    "variable rate": lambda path: film(
        path / "v.mp4", 10, ticks=[0, 7, 9, 30, 31, 90, 100, 200, 201, 260], tick=Fraction(1, 600)
    ),
    "milliseconds": lambda path: film(
        path / "v.mkv", 10, ticks=[0, 3, 4, 7, 9, 11, 12, 20, 21, 22], tick=1 / FILM_RATE
    ),
    "sound first": lambda path: sound_first(path / "v.mp4", film(path / "mute.mp4"), 10),
    "B-frames": lambda path: film(path / "v.mp4", options={"x264-params": "bframes=3:b-adapt=0:open-gop=1:keyint=12"}),
    "no times": lambda path: film(path / "v.h264"),
    "mpeg4 in avi": lambda path: film(path / "v.avi", codec="mpeg4", options={}),
    "turned left": lambda path: turn(film(path / "v.mp4", size=(96, 64)), 1),
    "upside down": lambda path: turn(film(path / "v.mp4", size=(96, 64)), 2),
    "turned right": lambda path: turn(film(path / "v.mp4", size=(96, 64)), 3),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_copy_has_the_frames_and_times_of_its_film(tmp_path, kind):
    source, target = SOURCES[kind](tmp_path), tmp_path / "copy.mp4"
    before = source.read_bytes(), source.stat().st_mtime_ns
    made = copy_film(source, target, QUICK)
    assert (source.read_bytes(), source.stat().st_mtime_ns) == before

    originals, copies = frames_of(source), frames_of(target)
    assert originals.shape == copies.shape and made.num_frames == len(copies)
    assert made.size == made.original_size == (originals.shape[2], originals.shape[1])
    for number, copy in enumerate(copies):
        alike = [psnr(original, copy) for original in originals]
        assert np.argmax(alike) == number and alike[number] > LEAST
    assert key_frames(target) == list(range(0, len(copies), 8))

    old, new = shown_at(source) if kind != "no times" else [Fraction(n, 25) for n in range(20)], shown_at(target)
    assert [time - old[0] for time in old] == [time - new[0] for time in new]
    assert np.allclose(read_frame_times(source).seconds, read_frame_times(target).seconds, rtol=0, atol=2e-6)
    assert probe_video(target).backend == "decord"


def test_decord_gives_the_frames_that_pyav_gives(tmp_path):
    copy_film(film(tmp_path / "v.mp4", 40), tmp_path / "copy.mp4", QUICK)
    order = np.random.default_rng(0).permutation(40).tolist()
    with DecordReader(tmp_path / "copy.mp4") as reader:
        assert difference(reader.get_frames(order), frames_of(tmp_path / "copy.mp4")[order]) <= 2
        assert not reader.gave_up


@pytest.mark.parametrize(
    ("size", "short_side", "expected"),
    [
        ((320, 180), 90, (160, 90)),
        ((180, 320), 90, (90, 160)),
        ((64, 48), 90, (64, 48)),
        ((331, 289), 128, (146, 128)),
        ((65, 49), 256, (64, 48)),
    ],
)
def test_a_copy_is_scaled_never_enlarged_cut_or_padded(tmp_path, size, short_side, expected):
    source = film(tmp_path / "v.avi", 6, size, codec="mpeg4", options={})
    made = copy_film(source, tmp_path / "copy.mp4", Recipe(short_side, preset="ultrafast", crf=10))
    assert (made.original_size, made.size) == (size, expected)
    for original, copy in zip(frames_of(source), frames_of(tmp_path / "copy.mp4"), strict=True):
        assert copy.shape == (expected[1], expected[0], 3)
        scaled = np.asarray(Image.fromarray(original).resize(expected, Image.Resampling.BICUBIC))
        assert psnr(scaled, copy) > 25


def test_the_recipe_is_followed(tmp_path):
    source, target = film(tmp_path / "v.mp4"), tmp_path / "copy.mp4"
    copy_film(source, target, QUICK._replace(gop=5))
    assert key_frames(target) == [0, 5, 10, 15]
    usual = target.stat().st_size
    copy_film(source, target, QUICK._replace(crf=35))
    assert target.stat().st_size < usual


@pytest.mark.parametrize("size", [(16, 16), (64, 48), (320, 240)])
def test_the_worst_allowed_quality_passes_the_check(tmp_path, size):
    write_video(tmp_path / "v.avi", np.random.default_rng(0).integers(0, 255, (9, *size[::-1], 3), dtype=np.uint8))
    made = copy_film(tmp_path / "v.avi", tmp_path / "copy.mp4", Recipe(16, crf=35, preset="ultrafast"))
    assert made.num_frames == 9 and min(made.size) == 16


def test_an_invalid_recipe_is_refused_before_the_video_is_opened(tmp_path):
    with pytest.raises(ConfigError, match="gop: expected a key frame distance of at least 1 frame"):
        copy_film(tmp_path / "gone.mp4", tmp_path / "copy.mp4", Recipe(gop=0))


def test_progress_is_reported_frame_by_frame(tmp_path):
    told = []
    copy_film(film(tmp_path / "v.mp4", 5), tmp_path / "copy.mp4", QUICK, on_progress=lambda *at: told.append(at))
    assert told == [(n, 5) for n in range(1, 6)]


def test_an_old_copy_stays_and_nothing_else_is_left_when_something_fails(tmp_path):
    (tmp_path / "copies").mkdir()
    target = tmp_path / "copies" / "v.mp4"
    target.write_text("old")
    (tmp_path / "v.avi").write_text("no film")
    with pytest.raises(VideoError, match=r"v\.avi: not a readable video"):
        copy_film(tmp_path / "v.avi", target, QUICK)

    def stop(frames, total):
        if frames == 90:
            assert files(tmp_path / "copies") == [unfinished_path(target, os.getpid()).name, "v.mp4"]
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        copy_film(film(tmp_path / "w.mp4", 100), target, QUICK, on_progress=stop)
    assert target.read_text() == "old" and files(tmp_path / "copies") == ["v.mp4"]


def test_a_film_that_changes_while_it_is_read_is_not_copied(tmp_path):
    source = film(tmp_path / "v.mp4", 3)

    def change(frames, total):
        os.utime(source, ns=(0, 0))

    with pytest.raises(VideoError, match=r"v\.mp4: the file changed while it was being read; prepare it again"):
        copy_film(source, tmp_path / "copy.mp4", QUICK, on_progress=change)
    with pytest.raises(VideoError, match=r"v\.mp4: the file changed while it was being read") as told:
        copy_film(source, tmp_path / "copy.mp4", QUICK, on_progress=lambda *at: source.unlink(missing_ok=True))
    assert not isinstance(told.value, TargetError)
    assert files(tmp_path) == []


def test_a_copy_that_fails_its_check_is_not_renamed_to_its_target(tmp_path, monkeypatch):
    monkeypatch.setattr(film_copy, "scaled_size", lambda size, short_side: (2, 2))
    with pytest.raises(VideoError, match=r"v\.mp4: .*: the copy failed its check: expected 2x2 pixels, got 64x48"):
        copy_film(film(tmp_path / "v.mp4", 3), tmp_path / "copy.mp4", QUICK)
    assert files(tmp_path) == ["v.mp4"]


def test_a_folder_that_is_not_there_is_an_error_of_the_target(tmp_path):
    with pytest.raises(
        TargetError, match=r"none/\.copy\.\d+\.unfinished\.mp4: cannot be written \(No such file or directory\); check"
    ):
        copy_film(film(tmp_path / "v.mp4", 3), tmp_path / "none" / "copy.mp4", QUICK)


def test_a_name_that_is_taken_by_a_folder_is_an_error_of_the_target(tmp_path):
    (tmp_path / "copy.mp4").mkdir()
    with pytest.raises(TargetError, match=r"copy\.mp4: cannot be written \(Is a directory\)"):
        copy_film(film(tmp_path / "v.mp4", 3), tmp_path / "copy.mp4", QUICK)
    assert files(tmp_path) == ["copy.mp4", "v.mp4"]


@pytest.mark.parametrize("room", [100, 3000, 60_000])
def test_a_full_disk_is_an_error_of_the_target(tmp_path, room):
    source = film(tmp_path / "v.mp4", 40, (320, 240))
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, kept[1]))
    try:
        with pytest.raises(
            TargetError, match=r"unfinished\.mp4: cannot be written \(File too large\); check the folder and"
        ):
            copy_film(source, tmp_path / "copy.mp4", Recipe(crf=0, preset="ultrafast"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
    assert files(tmp_path) == ["v.mp4"]
