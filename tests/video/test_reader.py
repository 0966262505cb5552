import doctest
import sys

import av
import numpy as np
import pytest
from PIL import Image

from tests.make_data import pictures
from tests.video.video_files import COUNT, KINDS, difference, encode, sequential, write_sound
from yowo.errors import ConfigError, VideoError
from yowo.video import reader as reader_module
from yowo.video import writer as writer_module
from yowo.video.decord_reader import DecordReader
from yowo.video.packets import PacketFacts
from yowo.video.reader import open_video

ROUNDING = 3
"""Grey levels by which decord's conversion of colours may differ from PyAV's; blocks in the frames differ by 200."""


@pytest.mark.parametrize("name", KINDS)
def test_random_access_equals_sequential_decoding(video, name):
    expected = sequential(video(name))
    with open_video(video(name)) as reader:
        assert reader.backend == KINDS[name][2]
        assert len(reader) == len(expected) == COUNT
        assert (reader.width, reader.height) == (64, 48)
        assert reader.fps == pytest.approx(25)
        for wanted in ([40, 3, 3, 21, 0, 44], list(range(20, 36)), [0] * 5, list(range(44, -1, -3)), list(range(16))):
            assert difference(reader.get_frames(wanted), expected[wanted]) <= ROUNDING


@pytest.mark.parametrize("name", KINDS)
def test_a_clip_read_first_equals_sequential_decoding(video, name):
    expected = sequential(video(name))
    for end in (15, 23, 30, 44):
        wanted = list(range(end - 15, end + 1))
        with open_video(video(name), KINDS[name][2]) as reader:
            assert difference(reader.get_frames(wanted), expected[wanted]) <= ROUNDING


def test_without_decord_pyav_reads(videos, monkeypatch):
    monkeypatch.setitem(sys.modules, "decord", None)
    with open_video(videos / "mpeg4.avi") as reader:
        assert reader.backend == "pyav"
        assert difference(reader.get_frames([30])[0], sequential(videos / "mpeg4.avi")[30]) == 0


def same_by_both_decoders(path, tolerance):
    """Clips as a data set reads them, by the backend that each decoder is asked for and by the one it then names."""
    with open_video(path, decoder="decord") as first, open_video(path, decoder="pyav") as second:
        assert (first.backend, second.backend) == ("decord", "pyav")
        assert (len(first), first.width, first.height, first.fps) == (
            len(second), second.width, second.height, pytest.approx(second.fps),
        )  # fmt: skip
        for end in (len(first) - 1, len(first) // 2, 7):
            wanted = range(max(0, end - 15), end + 1)
            assert difference(first.get_frames(wanted), second.get_frames(wanted)) <= tolerance


@pytest.mark.parametrize(("name", "options"), [("mpeg4", {"g": "12"}), ("mpeg4", {"g": "600"}), ("mjpeg", {})])
def test_both_decoders_give_identical_frames_of_clips_like_those_of_ucf101(tmp_path, name, options):
    pytest.importorskip("decord", reason="there is no decord on this platform")
    encode(tmp_path / "v.avi", pictures(COUNT, 0).repeat(5, axis=1).repeat(5, axis=2), name, options)
    same_by_both_decoders(tmp_path / "v.avi", tolerance=0)


@pytest.mark.shared
def test_both_decoders_give_the_same_frames_of_real_clips(shared):
    clips = sorted((shared / "data" / "ucf101-24-mini" / "UCF-101").glob("*/*.avi"))
    assert clips
    for path in clips:
        same_by_both_decoders(path, ROUNDING)


@pytest.mark.parametrize("name", KINDS)
def test_a_sound_file_is_read_once_from_beginning_to_end(video, tmp_path, name, monkeypatch):
    path, passes, jumps = tmp_path / name, [], []
    path.write_bytes(video(name).read_bytes())
    read = PacketFacts.read
    monkeypatch.setattr(PacketFacts, "read", lambda self: passes.append(self) or read(self))
    opened = av.open
    monkeypatch.setattr(av, "open", lambda *args, **options: jumps.append(args) or opened(*args, **options))
    open_video(path, decoder="pyav").close()
    assert len(passes) == 1 and len(jumps) == 2  # the pass, and the jumps to key frames
    open_video(path, decoder="pyav").close()
    open_video(path, "pyav").close()
    assert len(jumps) == 2


def test_decord_is_compared_with_pyav_once(videos, tmp_path, monkeypatch):
    pytest.importorskip("decord", reason="there is no decord on this platform")
    path, compared = tmp_path / "v.avi", []
    path.write_bytes((videos / "mpeg4.avi").read_bytes())
    agrees = DecordReader.agrees_with
    monkeypatch.setattr(DecordReader, "agrees_with", lambda *both: compared.append(both) or agrees(*both))
    for _ in range(3):
        with open_video(path) as reader:
            assert reader.backend == "decord"
    assert len(compared) == 1


def test_an_unknown_decoder_is_named(videos):
    with pytest.raises(ConfigError, match=r"^decoder: expected decord or pyav, got 'opencv'$"):
        open_video(videos / "mpeg4.avi", decoder="opencv")


@pytest.mark.parametrize("module", [reader_module, writer_module])
def test_the_examples_in_docstrings_work(module):
    done = doctest.testmod(module)
    assert done.attempted and not done.failed


def test_no_frames_are_an_empty_array(videos):
    for backend in ("decord", "pyav"):
        with open_video(videos / "mpeg4.avi", backend) as reader:
            assert reader.get_frames([]).shape == (0, 48, 64, 3)


@pytest.mark.parametrize("backend", ["decord", "pyav"])
@pytest.mark.parametrize("wrong", [45, -1])
def test_a_frame_outside_the_video_is_named(videos, backend, wrong):
    message = rf"mpeg4\.avi: frame {wrong} was asked for, but .* frames 0 to 44"
    with open_video(videos / "mpeg4.avi", backend) as reader, pytest.raises(VideoError, match=message):
        reader.get_frames([3, wrong])


def test_a_folder_of_numbered_pictures_is_a_video(tmp_path):
    frames = pictures(12, 1)
    for number in (2, 10, 1, 12, 3):
        Image.fromarray(frames[number - 1]).save(tmp_path / f"{number}.png")
    with open_video(tmp_path) as reader:
        assert len(reader) == 5
        assert np.array_equal(reader.get_frames([4, 0, 1]), frames[[11, 0, 1]])


def test_pictures_of_another_size_or_damaged_are_named(tmp_path):
    Image.fromarray(pictures(1, 0)[0]).save(tmp_path / "00001.png")
    Image.new("RGB", (10, 10)).save(tmp_path / "00002.png")
    (tmp_path / "00003.png").write_text("no picture")
    with open_video(tmp_path) as reader:
        with pytest.raises(VideoError, match=r"00002\.png: expected 64x48 pixels like the folder's first, got 10x10"):
            reader.get_frames([1])
        with pytest.raises(VideoError, match=r"00003\.png: not a readable picture"):
            reader.get_frames([2])


def test_a_folder_without_pictures_is_named(tmp_path):
    with pytest.raises(VideoError, match=r"holds no pictures such as 00001\.jpg"):
        open_video(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "not a readable video"), (b"plain text\n" * 99, "not a readable video")]
)
@pytest.mark.parametrize("backend", ["auto", "pyav"])
def test_files_that_are_no_video_are_one_line(tmp_path, content, words, backend):
    (tmp_path / "bad.mp4").write_bytes(content)
    with pytest.raises(VideoError, match=rf"bad\.mp4: {words}"):
        open_video(tmp_path / "bad.mp4", backend)


@pytest.mark.parametrize("backend", ["auto", "pyav", "decord"])
def test_sound_without_pictures_is_named(tmp_path, backend):
    write_sound(tmp_path / "sound.mp4")
    with pytest.raises(VideoError, match=r"sound\.mp4: (holds no video stream|decord refuses it)"):
        open_video(tmp_path / "sound.mp4", backend)


def test_a_missing_file_and_an_unknown_backend_are_named(videos):
    with pytest.raises(VideoError, match=r"nowhere\.mp4: there is no such video"):
        open_video("nowhere.mp4")
    with pytest.raises(
        ConfigError, match=r"backend: expected one of auto, decord, pyav, sequential, frames, got 'cv2'"
    ):
        open_video(videos / "mpeg4.avi", "cv2")


@pytest.mark.parametrize("name", ["mpeg4.avi", "vp9.webm", "h264_long.mkv", "h264.ts"])
def test_a_truncated_file_gives_the_frames_that_are_there(tmp_path, video, name):
    whole = video(name).read_bytes()
    path = tmp_path / name
    path.write_bytes(whole[: len(whole) * 6 // 10])
    expected = sequential(path)
    with open_video(path) as reader:
        assert 5 < len(reader) == len(expected) < COUNT
        assert difference(reader.get_frames(range(len(reader))), expected) <= ROUNDING
        with pytest.raises(VideoError, match=rf"frame {COUNT - 1} was asked for, but the video has frames 0 to"):
            reader.get_frames([COUNT - 1])


def test_a_truncated_file_without_its_table_of_frames_is_named(tmp_path, video):
    whole = video("h264_closed.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.raises(VideoError, match=r"cut\.mp4: not a readable video"):
        open_video(tmp_path / "cut.mp4")


def test_an_elementary_stream_that_decord_refuses_is_read_in_the_same_order(shared):
    path = shared / "data" / "broken-videos" / "elementary_stream.mp4"
    with pytest.raises(VideoError, match=r"elementary_stream\.mp4: decord refuses it"):
        open_video(path, "decord")
    expected = sequential(path)
    with open_video(path) as reader:
        assert (len(reader), reader.width, reader.height) == (151, 340, 256)
        wanted = [150, 0, 77, 77, 149, 3]
        assert difference(reader.get_frames(wanted), expected[wanted]) == 0
        assert difference(reader.get_frames(range(0, 151, 7)), expected[::7]) == 0


def test_every_real_clip_equals_sequential_decoding(shared):
    clips = sorted((shared / "data" / "ucf101-24-mini" / "UCF-101").glob("*/*.avi"))
    films = sorted((shared / "data" / "ava-mini" / "videos").glob("*.mp4"))
    random = np.random.default_rng(0)
    assert clips and films
    for path in clips + films:
        expected = sequential(path, step=7)
        order = random.permutation(len(expected))
        for backend, tolerance in (("auto", ROUNDING), ("pyav", 0)):
            with open_video(path, backend) as reader:
                assert reader.backend == ("decord" if backend == "auto" else backend)
                assert len(expected) == -(-len(reader) // 7)
                assert difference(reader.get_frames((7 * order).tolist()), expected[order]) <= tolerance, path
