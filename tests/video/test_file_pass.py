import av
import numpy as np
import pytest

from tests.video.video_files import COUNT, KINDS, sequential, write_sound
from yowo.errors import VideoError
from yowo.video.file_pass import Decode, read_file
from yowo.video.packets import read_packets

PIXELS = 64 * 48
NUMBERED_BY_DECODING = {"h264_b.avi", "h264.ts", "bare.h264", "mpeg4_b.avi", "mpeg2.mpg"}


def decoded_times(path):
    with av.open(str(path)) as container:
        return [frame.pts for frame in container.decode(video=0) if frame.pts is not None]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("decode", Decode)
def test_packets_are_those_that_reading_without_decoding_gives(video, name, decode):
    found, expected = read_file(video(name), decode, 10**9).packets, read_packets(video(name))
    for field in expected.__slots__:
        assert np.array_equal(getattr(found, field), getattr(expected, field)), field


@pytest.mark.parametrize("name", KINDS)
def test_strict_decoding_finds_all_frames_of_a_whole_file(video, name):
    level = av.logging.get_level()
    found = read_file(video(name), Decode.STRICT, 10**9)
    assert found.complete and not found.too_long and found.failure is None
    assert len(found.frames.times) == COUNT and (found.frames.width, found.frames.height) == (64, 48)
    assert [time for time in found.frames.times if time != np.iinfo(np.int64).min] == decoded_times(video(name))
    assert av.logging.get_level() == level


@pytest.mark.parametrize("name", KINDS)
def test_the_first_frame_is_enough_where_packets_can_number_the_frames(video, name):
    found = read_file(video(name), Decode.FIRST)
    all_needed = name in NUMBERED_BY_DECODING
    assert (len(found.frames.times), found.complete) == ((COUNT, True) if all_needed else (1, False))


@pytest.mark.parametrize("name", ["mpeg4.avi", "h264_closed.mp4", "h264_long.mkv"])
def test_damage_stops_strict_decoding_and_not_the_reading_of_packets(tmp_path, video, name):
    data = bytearray(video(name).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(range(1, 201))
    path = tmp_path / name
    path.write_bytes(data)
    found = read_file(path, Decode.STRICT, 10**9)
    assert not found.complete and not found.too_long and len(found.frames.times) < COUNT
    assert np.array_equal(found.packets.times, read_packets(path).times)
    assert len(read_file(path, Decode.ALL).frames.times) == len(sequential(path))


@pytest.mark.parametrize("name", ["mpeg4.avi", "h264_closed.mp4", "h264_long.mkv"])
def test_a_film_beyond_the_limit_by_its_header_gets_its_first_frame_decoded_only(video, name):
    found = read_file(video(name), Decode.STRICT, 20 * PIXELS)
    assert found.too_long and not found.complete and len(found.packets.times) == COUNT
    assert len(found.frames.times) == 1


def test_strict_decoding_stops_at_the_limit_where_the_header_does_not_tell(video, monkeypatch):
    monkeypatch.setattr("yowo.video.packets.PacketFacts.expected_pixels", 0)
    found = read_file(video("mpeg4.avi"), Decode.STRICT, 20 * PIXELS)
    assert found.too_long and not found.complete and len(found.packets.times) == COUNT
    assert len(found.frames.times) == 21


@pytest.mark.parametrize("name", sorted(NUMBERED_BY_DECODING))
def test_the_limit_is_not_for_files_that_only_decoding_numbers(video, name):
    found = read_file(video(name), Decode.STRICT, 20 * PIXELS)
    assert found.complete and not found.too_long and len(found.frames.times) == COUNT


def test_what_is_no_video_is_an_error_that_names_the_file(tmp_path):
    write_sound(tmp_path / "sound.mp4")
    (tmp_path / "text.mp4").write_text("text")
    with pytest.raises(VideoError, match=r"sound\.mp4: holds no video stream"):
        read_file(tmp_path / "sound.mp4", Decode.STRICT)
    with pytest.raises(VideoError, match=r"text\.mp4: not a readable video \("):
        read_file(tmp_path / "text.mp4", Decode.FIRST)
