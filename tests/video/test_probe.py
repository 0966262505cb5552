import json
import sys

import pytest
from PIL import Image

from tests.make_data import pictures, write_video
from tests.video.video_files import CLOSED, COUNT, encode, sequential, write_sound
from yowo.errors import ConfigError, VideoError
from yowo.video import probe_process
from yowo.video.probe import VideoInfo, probe_video, probe_videos


def test_facts_of_a_video(tmp_path, video):
    write_video(tmp_path / "v.avi", pictures(12, 0), fps=10)
    assert probe_video(tmp_path / "v.avi") == VideoInfo(12, 10.0, 64, 48, "decord")
    assert probe_video(video("h264_open.mp4")) == VideoInfo(COUNT, 25.0, 64, 48, "pyav")


def test_all_bad_files_are_reported_at_once(tmp_path):
    write_video(tmp_path / "good.avi", pictures(8, 0))
    Image.fromarray(pictures(1, 0)[0]).save(tmp_path / "00001.png")
    (tmp_path / "text.avi").write_text("text")
    (tmp_path / "empty.avi").touch()
    (tmp_path / "none").mkdir()
    write_sound(tmp_path / "sound.mp4")
    good = [str(tmp_path / "good.avi"), str(tmp_path)]
    bad = [str(tmp_path / name) for name in ("text.avi", "empty.avi", "gone.avi", "none", "sound.mp4")]
    infos, reasons = probe_videos([bad[0], good[0], *bad[1:], good[1], good[0]])
    assert infos == {good[0]: VideoInfo(8, 25.0, 64, 48, "decord"), good[1]: VideoInfo(1, 25.0, 64, 48, "frames")}
    assert list(reasons) == bad
    words = ("not a readable video", "not a readable video", "no such video", "no pictures", "no video stream")
    for path, part in zip(bad, words, strict=True):
        assert path in reasons[path] and part in reasons[path]


def test_no_files_give_nothing():
    assert probe_videos([]) == ({}, {})


def test_files_that_hang_or_crash_a_decoder_are_reported_and_the_rest_is_probed(tmp_path, monkeypatch):
    program = tmp_path / "program.py"
    program.write_text(
        "import json, os, sys, time\n"
        "print('ready', flush=True)\n"
        "for line in sys.stdin:\n"
        "    if 'hangs' in line: time.sleep(60)\n"
        "    if 'crashes' in line: os.abort()\n"
        "    print(json.dumps(dict(num_frames=1, fps=1.0, width=2, height=3, backend='pyav')), flush=True)\n"
    )
    monkeypatch.setattr(probe_process, "PROGRAM", f"exec(open({json.dumps(str(program))}).read())")
    infos, reasons = probe_videos(["hangs.avi", "crashes.avi", "good.avi"], workers=1, time_limit=0.5)
    assert infos == {"good.avi": VideoInfo(1, 1.0, 2, 3, "pyav")}
    assert "hangs on it (no answer within 0.5 seconds)" in reasons["hangs.avi"]
    assert "crashes on it" in reasons["crashes.avi"]


def test_a_file_whose_end_cannot_be_decoded_counts_the_frames_that_can(tmp_path):
    path = tmp_path / "v.mp4"
    encode(path, pictures(COUNT, 0), "libx264", {"x264-params": CLOSED}, container_options={"movflags": "faststart"})
    whole = path.read_bytes()
    half = len(whole) * 6 // 10
    path.write_bytes(whole[:half] + bytes(len(whole) - half))
    assert probe_video(path) == VideoInfo(len(sequential(path)), 25.0, 64, 48, "sequential")


def test_without_decord_pyav_is_named(videos, monkeypatch):
    monkeypatch.setitem(sys.modules, "decord", None)
    assert probe_video(videos / "mpeg4.avi").backend == "pyav"


def test_a_file_that_decord_opens_and_cannot_decode_goes_to_pyav(videos, tmp_path, monkeypatch):
    decord = pytest.importorskip("decord", reason="there is no decord on this platform")

    def refuse(self, indices):
        raise RuntimeError("no decoder")

    monkeypatch.setattr(decord.VideoReader, "get_batch", refuse)
    path = tmp_path / "v.avi"  # a file of its own: what is known about a file is kept in the process
    path.write_bytes((videos / "mpeg4.avi").read_bytes())
    assert probe_video(path) == VideoInfo(COUNT, 25.0, 64, 48, "pyav")


def test_with_pyav_as_decoder_nothing_opens_decord(videos, video, monkeypatch):
    monkeypatch.setattr("yowo.video.decord_reader.DecordReader.__init__", lambda self, path: pytest.fail("opened"))
    assert probe_video(videos / "mpeg4.avi", decoder="pyav") == VideoInfo(COUNT, 25.0, 64, 48, "pyav")
    with pytest.raises(ConfigError, match=r"decoder: expected decord or pyav, got 'fast'"):
        probe_video(videos / "mpeg4.avi", decoder="fast")


def test_many_videos_are_probed_with_the_decoder_that_is_asked_for(videos, caplog, monkeypatch):
    path = str(videos / "mpeg4.avi")
    assert probe_videos([path], decoder="pyav")[0][path].backend == "pyav"
    assert probe_videos([path], decoder="decord")[0][path].backend == "decord"
    with pytest.raises(ConfigError, match=r"decoder: expected decord or pyav, got 'fast'"):
        probe_videos([path], decoder="fast")


def test_a_missing_file_and_a_damaged_last_picture_are_errors(tmp_path):
    with pytest.raises(VideoError, match=r"gone\.avi: there is no such video"):
        probe_video(tmp_path / "gone.avi")
    Image.fromarray(pictures(1, 0)[0]).save(tmp_path / "00001.png")
    (tmp_path / "00002.png").write_text("no picture")
    with pytest.raises(VideoError, match=r"00002\.png: not a readable picture"):
        probe_video(tmp_path)
