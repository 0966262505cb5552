import os

import numpy as np
import pytest

from tests.video.video_files import COUNT, KINDS, copy_packets
from yowo.errors import VideoError
from yowo.video import frame_index as module
from yowo.video.frame_index import frame_index


@pytest.mark.parametrize("name", KINDS)
def test_packets_tell_what_decoding_finds(video, name):
    quick, slow = frame_index(video(name)), frame_index(video(name), by_decoding=True)
    assert slow.decoded and len(slow.times) == COUNT
    assert np.array_equal(quick.times, slow.times)
    assert quick.keys[0] == 0 and set(slow.keys) <= set(quick.keys)
    assert (quick.fps, quick.width, quick.height) == (slow.fps, slow.width, slow.height)


def test_a_recording_that_begins_between_key_frames_has_the_frames_that_can_be_decoded(tmp_path, video):
    copy_packets(video("h264_closed.mp4"), tmp_path / "v.mp4", first=5)
    assert len(frame_index(tmp_path / "v.mp4").times) == COUNT - 12


def test_a_file_with_missing_pieces_is_not_sought_in(tmp_path, videos):
    whole = (videos / "mpeg4.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) * 2 // 3])
    assert frame_index(tmp_path / "cut.avi").keys.tolist() == [0]


def test_a_file_is_indexed_once_and_again_when_it_changed(tmp_path, videos, monkeypatch):
    path, calls = tmp_path / "v.avi", []
    path.write_bytes((videos / "mpeg4.avi").read_bytes())
    read = module.read_file
    monkeypatch.setattr(module, "read_file", lambda path, decode: calls.append(path) or read(path, decode))
    assert frame_index(path) is frame_index(path)
    path.write_bytes((videos / "mjpeg.avi").read_bytes())
    frame_index(path)
    assert len(calls) == 2
    os.utime(path, (1, 1))
    frame_index(path)
    assert len(calls) == 3


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(VideoError, match=r"gone\.avi: not a readable video \(No such file"):
        frame_index(tmp_path / "gone.avi")
