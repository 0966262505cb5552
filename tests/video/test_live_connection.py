from types import SimpleNamespace

import av
import numpy as np
import pytest

from tests.make_data import pictures
from tests.video.video_files import encode, write_sound
from yowo.errors import VideoError
from yowo.video.live_address import Opening
from yowo.video.live_connection import LiveConnection, SilenceError, reason


def connect(path, patience=10.0):
    return LiveConnection(Opening(str(path), None, {}, interruptible=True), patience)


@pytest.mark.parametrize(
    ("name", "codec", "stamped"),
    [("a.ts", "libx264", True), ("a.mkv", "libx264", True), ("a.mjpeg", "mjpeg", False), ("a.h264", "libx264", False)],
)
def test_every_picture_comes_and_formats_without_times_are_known(name, codec, stamped, tmp_path):
    encode(tmp_path / name, pictures(9, 0), codec, {"g": "4"})
    with connect(tmp_path / name) as connection:
        found = list(connection.pictures())
        assert len(found) == 9 and connection.finite and connection.stamped == stamped
        assert [one.stamp is None for one in found].count(not stamped) == 9
        assert connection.fps == 25 and connection.damaged == 0


def test_what_is_damaged_is_left_out_and_counted_and_the_rest_comes(tmp_path):
    encode(tmp_path / "a.ts", pictures(40, 0), "libx264", {"g": "5"})
    content = bytearray((tmp_path / "a.ts").read_bytes())
    random = np.random.default_rng(0)
    for place in random.integers(len(content) // 3, 2 * len(content) // 3, 60).tolist():
        content[place] ^= 0xFF
    (tmp_path / "a.ts").write_bytes(content)
    with connect(tmp_path / "a.ts") as connection:
        found = list(connection.pictures())
        assert 20 <= len(found) < 40 and connection.damaged and not any(one.frame.is_corrupt for one in found)


def test_sound_alone_and_other_files_are_refused(tmp_path):
    write_sound(tmp_path / "sound.mp4")
    with pytest.raises(VideoError, match=r"^it holds no pictures$"):
        connect(tmp_path / "sound.mp4")
    (tmp_path / "page.html").write_text("<html></html>" * 99)
    with pytest.raises(av.FFmpegError, match="Invalid data"):
        connect(tmp_path / "page.html")


class Container:
    """Stands for a device: what comes of each call of `demux`."""

    def __init__(self, turns):
        self.turns = turns

    def demux(self):
        for one in self.turns.pop(0) if self.turns else ():
            if isinstance(one, Exception):
                raise one
            yield one


@pytest.fixture
def device(tmp_path):
    """A connection whose packets are made up; a packet is the list of its pictures."""
    encode(tmp_path / "a.mkv", pictures(2, 0), "libx264", {})
    with connect(tmp_path / "a.mkv", patience=10.0) as connection:
        container, frame = connection._container, next(connection.pictures()).frame
        own = SimpleNamespace(index=connection._stream.index)
        shown = SimpleNamespace(stream=own, decode=lambda: [frame])

        def use(*turns):
            connection._container = Container([[shown if one == "picture" else one for one in turn] for turn in turns])
            return connection

        yield use
        connection._container = container


def test_a_device_without_a_picture_yet_is_asked_again(device):
    again = av.BlockingIOError(11, "again")
    assert len(list(device(["picture", again], [again], ["picture"]).pictures())) == 2


def test_pieces_that_are_no_packets_are_passed_over_unless_nothing_else_comes(device):
    bad = av.InvalidDataError(1, "bad")
    connection = device(*([bad, "picture"] for _ in range(3)), [bad], ["picture", "picture"])
    assert len(list(connection.pictures())) == 2 and connection.damaged == 4
    with pytest.raises(av.InvalidDataError, match="bad"):
        list(device(*([bad] for _ in range(200))).pictures())


def test_packets_without_pictures_are_a_silence(device, monkeypatch):
    other = SimpleNamespace(stream=SimpleNamespace(index=99))
    monkeypatch.setattr("yowo.video.live_connection.monotonic", iter(range(0, 999, 4)).__next__)
    with pytest.raises(SilenceError, match="nothing that can be shown"):
        list(device([other] * 99).pictures())


def test_reasons_are_words():
    assert reason(av.ExitError(1, "Immediate exit requested"), 4.0) == "nothing came for 4 seconds"
    assert reason(SilenceError("nothing that can be shown"), 4.0) == "nothing that can be shown came for 4 seconds"
    assert (
        reason(av.ConnectionRefusedError(111, "Connection refused", "rtsp://me:pw@host"), 4.0) == "Connection refused"
    )
