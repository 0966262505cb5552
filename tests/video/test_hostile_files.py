import struct

import numpy as np
import pytest

from tests.make_data import pictures
from tests.video.video_files import CLOSED, COUNT, difference, encode, sequential, write_sound
from yowo.errors import VideoError
from yowo.video.probe import probe_video
from yowo.video.reader import open_video
from yowo.video.soundness import Soundness, soundness

ROUNDING = 3
H264 = ("libx264", {"x264-params": CLOSED})
UNIT = 1 << 16


def same(path, expected, tolerance=ROUNDING):
    """Probe and read as a data set does: from the worker's reader, clips from the end on."""
    info = probe_video(path)
    assert info.num_frames == len(expected)
    assert (info.height, info.width) == expected.shape[1:3]
    for end in {len(expected) - 1, len(expected) // 2, 0}:
        wanted = list(range(max(0, end - 15), end + 1))
        with open_video(path, info.backend) as reader:
            assert difference(reader.get_frames(wanted), expected[wanted]) <= tolerance
    return info.backend


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv"])
def test_variable_rate(tmp_path, name):
    times = np.cumsum(np.arange(COUNT) % 4 + 1).tolist()
    encode(tmp_path / name, pictures(COUNT, 0), *H264, times)
    assert same(tmp_path / name, sequential(tmp_path / name)) == "decord"


@pytest.mark.parametrize(
    ("matrix", "turns"),
    [((0, UNIT, -UNIT, 0), -1), ((-UNIT, 0, 0, -UNIT), 2), ((0, -UNIT, UNIT, 0), 1)],
    ids=["right", "upside down", "left"],
)
def test_pictures_to_be_shown_turned_are_turned(tmp_path, matrix, turns):
    path = tmp_path / "v.mp4"
    encode(path, pictures(COUNT, 0), *H264)
    stored = sequential(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44  # ISO/IEC 14496-12, 8.3.2: the matrix of a track
    data[at : at + 36] = struct.pack(">9i", *matrix[:2], 0, *matrix[2:], 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    same(path, np.rot90(stored, turns, (1, 2)))


@pytest.mark.parametrize(("name", "codec"), [("v.avi", "mpeg4"), ("v.avi", "mjpeg"), ("v.webm", "libvpx-vp9")])
def test_odd_sizes(tmp_path, name, codec):
    encode(tmp_path / name, pictures(COUNT, 0)[:, :47, :63], codec, {})
    same(tmp_path / name, sequential(tmp_path / name))


@pytest.mark.parametrize(("name", "codec"), [("v.avi", "mpeg4"), ("v.mp4", "libx264"), ("v.mkv", "libx264")])
def test_one_frame(tmp_path, name, codec):
    encode(tmp_path / name, pictures(1, 0), codec, {})
    same(tmp_path / name, sequential(tmp_path / name))


def test_an_avi_file_that_begins_with_an_empty_frame(tmp_path):
    encode(tmp_path / "v.avi", pictures(COUNT, 0), "libx264", {"x264-params": "bframes=0:keyint=12"})
    assert same(tmp_path / "v.avi", sequential(tmp_path / "v.avi")) == "pyav"


@pytest.mark.parametrize("name", ["v.avi", "v.mkv", "v.mp4"])
@pytest.mark.parametrize("keep", [0.97, 0.6])
def test_cut_at_the_end(tmp_path, name, keep):
    path = tmp_path / name
    codec = ("mpeg4", {"g": "12"}) if name == "v.avi" else H264
    encode(path, pictures(COUNT, 0), *codec, container_options={"movflags": "faststart"} if name == "v.mp4" else {})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    expected = sequential(path)
    assert 0 < len(expected) <= COUNT
    same(path, expected)


@pytest.mark.parametrize("name", ["v.avi", "v.mkv", "v.mp4"])
def test_a_hole_of_zeros_inside(tmp_path, name):
    path = tmp_path / name
    codec = ("mpeg4", {"g": "12"}) if name == "v.avi" else H264
    encode(path, pictures(COUNT, 0), *codec, container_options={"movflags": "faststart"} if name == "v.mp4" else {})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 600] = bytes(600)
    path.write_bytes(data)
    assert soundness(path) is Soundness.DAMAGED
    assert same(path, sequential(path), tolerance=0) == "sequential"


def test_a_header_that_promises_more_frames_than_there_are(tmp_path):
    path = tmp_path / "v.avi"
    encode(path, pictures(COUNT, 0), "mpeg4", {})
    data = bytearray(path.read_bytes())
    for field in (data.index(b"avih") + 8 + 16, data.index(b"strh") + 8 + 32):  # frames of the file, of the stream
        assert struct.unpack_from("<I", data, field)[0] == COUNT
        struct.pack_into("<I", data, field, 10 * COUNT)
    path.write_bytes(data)
    assert same(path, sequential(path), tolerance=0) == "pyav"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "not a readable video"), (b"a text\n" * 500, "not a readable video"), (None, "holds no video stream")],
    ids=["zero bytes", "text", "sound alone"],
)
def test_what_is_no_video_is_one_error_that_names_the_file(tmp_path, content, words):
    path = tmp_path / "bad.mp4"
    if content is None:
        write_sound(path)
    else:
        path.write_bytes(content)
    with pytest.raises(VideoError, match=rf"^\S*bad\.mp4: {words}"):
        probe_video(path)
