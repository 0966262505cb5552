import av
import pytest

from tests.video.video_files import KINDS
from yowo.errors import VideoError
from yowo.video import soundness as module
from yowo.video.file_pass import Decode, read_file
from yowo.video.soundness import Soundness, soundness


@pytest.mark.parametrize("name", KINDS)
def test_whole_files_of_every_kind_are_sound_and_the_log_is_left_as_it_was(video, name):
    level = av.logging.get_level()
    assert soundness(video(name)) is Soundness.SOUND
    assert av.logging.get_level() == level


@pytest.mark.parametrize("name", ["mpeg4.avi", "h264_closed.mp4", "h264_long.mkv"])
def test_noise_in_the_pictures_is_damage_even_where_ordinary_decoding_goes_on(tmp_path, video, name):
    data = bytearray(video(name).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(range(1, 201))
    (tmp_path / name).write_bytes(data)
    assert soundness(tmp_path / name) is Soundness.DAMAGED


def test_films_beyond_the_limit_are_not_decoded(tmp_path, videos, monkeypatch):
    monkeypatch.setattr(module, "MOST_PIXELS", 1000)
    path = tmp_path / "film.avi"
    path.write_bytes((videos / "mpeg4.avi").read_bytes())
    assert soundness(path) is Soundness.TOO_LONG


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(VideoError, match=r"gone\.avi: not a readable video"):
        soundness(tmp_path / "gone.avi")


@pytest.mark.parametrize("name", ["mpeg4.avi", "h264_closed.mp4", "h264_long.mkv"])
@pytest.mark.parametrize("promised", [0, 10**12])
def test_a_wrong_length_in_the_header_changes_no_judgement(tmp_path, video, name, promised, monkeypatch):
    monkeypatch.setattr("yowo.video.packets.PacketFacts.expected_pixels", promised)
    for number, limit in enumerate((10**9, 1000)):
        path = tmp_path / f"{number}_{name}"
        path.write_bytes(video(name).read_bytes())
        monkeypatch.setattr(module, "MOST_PIXELS", limit)
        assert soundness(path) is (Soundness.TOO_LONG if number else Soundness.SOUND)


@pytest.mark.parametrize("name", ["mpeg4.avi", "h264_closed.mp4", "vp9.webm"])
def test_a_jump_that_leads_to_another_packet_is_damage(video, name, tmp_path, monkeypatch):
    (tmp_path / name).write_bytes(video(name).read_bytes())
    found = read_file(tmp_path / name, Decode.STRICT)
    others = found._replace(key_packets={time: content ^ 1 for time, content in found.key_packets.items()})
    monkeypatch.setattr(module, "read_file", lambda *asked: others)
    assert soundness(tmp_path / name) is Soundness.DAMAGED
