import logging

import numpy as np
import pytest

from tests.video.sound_files import film_with_sound, tracks
from yowo.video.sound import open_sound
from yowo.video.writer import VideoWriter


def copied(path, source, frames=25):
    with VideoWriter(path, 25, (64, 48), keep=True, preset="ultrafast", sound=source) as writer:
        for place in range(frames):
            writer.write(np.full((48, 64, 3), place, np.uint8), place / 25)
    return tracks(path)


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov", ".avi"])
def test_sound_is_copied_packet_by_packet(tmp_path, ending):
    source = film_with_sound(tmp_path / "film.mp4")
    codec, packets, times = copied(tmp_path / f"out{ending}", source)["audio"]
    _, given, given_times = tracks(source)["audio"]
    first = given.index(packets[0])
    assert codec == "aac" and packets == given[first : first + len(packets)] and len(packets) > 40
    assert times == pytest.approx(given_times[first : first + len(packets)], abs=0.002)


def test_sound_that_begins_before_the_pictures_is_cut_to_them(tmp_path):
    source = film_with_sound(tmp_path / "film.mkv", delay=10)
    _, packets, times = copied(tmp_path / "out.mkv", source)["audio"]
    _, given, given_times = tracks(source)["audio"]
    places = [given.index(packet) for packet in packets]
    assert times == pytest.approx(given_times[places] - 0.4, abs=0.002) and times[0] < 0.03


def test_sound_ends_with_the_pictures(tmp_path):
    made = copied(tmp_path / "out.mp4", film_with_sound(tmp_path / "film.mp4"), frames=10)
    assert len(made["video"][2]) == 10 and 0.36 < made["audio"][2][-1] < 0.48


@pytest.mark.parametrize(("codec", "layout"), [("pcm_s16le", "mono"), ("pcm_s16le", "stereo")])
def test_sound_that_does_not_go_into_a_file_is_encoded_anew(tmp_path, codec, layout):
    source = film_with_sound(tmp_path / "film.avi", codec, "mpeg4", layout=layout)
    made = copied(tmp_path / "out.mp4", source)
    assert made["audio"][0] == "aac" and len(made["audio"][1]) > 40
    assert made["audio"][2][0] < 0.03 and made["video"][2][:2] == pytest.approx([0, 0.04])


def test_a_video_without_sound_or_pictures_has_none(tmp_path, caplog):
    copied(tmp_path / "silent.mp4", None)
    assert open_sound(tmp_path / "silent.mp4", tmp_path / "out.mp4", {}) is None
    assert open_sound(tmp_path / "missing.mp4", tmp_path / "out.mp4", {}) is None
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    assert open_sound(tmp_path / "broken.mp4", tmp_path / "out.mp4", {}) is None
    assert not caplog.records


def test_sound_that_goes_into_no_such_file_is_named(tmp_path, caplog):
    source = film_with_sound(tmp_path / "film.mp4")
    with caplog.at_level(logging.WARNING):
        assert open_sound(source, tmp_path / "out.gif", {}) is None
    assert "out.gif: has no sound, because aac does not go into such a file" in caplog.text


def test_a_source_that_is_cut_off_gives_the_sound_that_it_has(tmp_path):
    source = film_with_sound(tmp_path / "film.mkv")
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    made = copied(tmp_path / "out.mp4", source)
    assert len(made["video"][2]) == 25 and 5 < len(made["audio"][1]) < 30


def test_sound_is_on_disk_with_the_pictures_before_the_end(tmp_path):
    source = film_with_sound(tmp_path / "film.mp4")
    with VideoWriter(tmp_path / "out.mp4", 25, (64, 48), keep=True, sound=source) as writer:
        for place in range(20):
            writer.write(np.full((48, 64, 3), place, np.uint8))
        (tmp_path / "cut.mp4").write_bytes((tmp_path / "out.mp4").read_bytes())
    cut = tracks(tmp_path / "cut.mp4")
    assert len(cut["video"][2]) >= 19 and cut["audio"][2][-1] > 0.7
