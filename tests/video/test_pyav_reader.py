import numpy as np
import pytest

from tests.make_data import pictures
from tests.video.video_files import COUNT, KINDS, copy_packets, difference, encode, sequential
from yowo.errors import VideoError
from yowo.video import pyav_reader
from yowo.video.frame_index import frame_index
from yowo.video.pyav_reader import PyAVReader


@pytest.mark.parametrize("name", KINDS)
def test_going_back_and_forth_gives_the_frames_of_sequential_decoding(video, name):
    expected = sequential(video(name))
    with PyAVReader(video(name)) as reader:
        for index in (40, 10, 11, 13, 44, 0, 30, 24, 23):
            assert difference(reader.get_frames([index])[0], expected[index]) == 0


@pytest.mark.parametrize("name", ["mpeg4_b.avi", "h264_open.mp4", "hevc_open.mp4", "mpeg4.avi"])
def test_late_frames_are_sought_and_not_decoded_from_the_beginning(video, name, monkeypatch):
    count = 0
    decode = pyav_reader.decoded

    def counted(container, strict_from):
        nonlocal count
        for frame in decode(container, strict_from):
            count += 1
            yield frame

    monkeypatch.setattr(pyav_reader, "decoded", counted)
    with PyAVReader(video(name)) as reader:
        reader.get_frames([40])
        assert count < 30
        reader.get_frames([0])
        count = 0
        reader.get_frames([40])
    assert count < 30


def test_frames_behind_each_other_are_decoded_once(video, monkeypatch):
    with PyAVReader(video("bare.h264")) as reader:
        restarts = []
        restart = reader._restart
        monkeypatch.setattr(reader, "_restart", lambda key: restarts.append(key) or restart(key))
        for start in range(0, 40, 8):
            reader.get_frames(range(start, start + 8))
    assert restarts == [0]


def test_positions_count_frames_whatever_their_times(tmp_path):
    times = np.cumsum(np.arange(COUNT) % 4 + 1).tolist()
    encode(tmp_path / "v.mp4", pictures(COUNT, 0), "libx264", {"bf": "2"}, times)
    expected = sequential(tmp_path / "v.mp4")
    with PyAVReader(tmp_path / "v.mp4") as reader:
        assert len(reader) == COUNT
        assert difference(reader.get_frames([44, 7, 20]), expected[[44, 7, 20]]) == 0


@pytest.mark.parametrize(("first", "shift"), [(5, 0), (12, 0), (0, -5)])
def test_cut_files_have_the_frames_that_sequential_decoding_gives(tmp_path, video, first, shift):
    copy_packets(video("h264_open.mp4"), tmp_path / "v.mp4", first, shift)
    expected = sequential(tmp_path / "v.mp4")
    with PyAVReader(tmp_path / "v.mp4") as reader:
        assert len(reader) == len(expected) < COUNT
        wanted = list(range(len(expected)))[::-3]
        assert difference(reader.get_frames(wanted), expected[wanted]) == 0


def test_an_index_that_decoding_contradicts_is_made_anew(videos, monkeypatch):
    path = videos / "mpeg4.avi"
    right = frame_index(path)
    with PyAVReader(path) as reader:
        reader._index = right._replace(times=right.times + 1000)
        assert difference(reader.get_frames([20])[0], sequential(path)[20]) == 0
        assert reader._index.decoded
        reader._index = right._replace(times=right.times + 1000, keys=right.keys[:1], decoded=True)
        with pytest.raises(VideoError, match=r"mpeg4\.avi: frame 20 is not decoded twice alike"):
            reader.get_frames([20])


def test_a_closed_reader_opens_again_when_asked(videos):
    reader = PyAVReader(videos / "mpeg4.avi")
    first = reader.get_frames([2])
    reader.close()
    assert difference(reader.get_frames([2]), first) == 0
    reader.close()
