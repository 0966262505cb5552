import os
import sys
from types import SimpleNamespace

import av
import pytest

from yowo.errors import ConfigError
from yowo.video import live_address
from yowo.video.live_address import advice, can_be_opened_again, is_redirected_file, opening


def opened(address, platform="linux", **options):
    found = opening(address, "tcp", 10.0, options, platform)
    return found.file, found.format, found.options


@pytest.mark.parametrize(
    ("address", "platform", "file", "kind"),
    [
        ("camera:0", "linux", "/dev/video0", "v4l2"),
        ("camera:/dev/v4l/by-id/usb-é", "linux", "/dev/v4l/by-id/usb-é", "v4l2"),
        ("camera:1", "darwin", "1", "avfoundation"),
        ("camera:FaceTime HD Camera", "darwin", "FaceTime HD Camera", "avfoundation"),
        ("camera:HP Wide Vision", "win32", "video=HP Wide Vision", "dshow"),
        ("RTSP://me:pw@Door/1?x=RTSP://", "linux", "rtsp://me:pw@Door/1?x=RTSP://", None),
        ("https://host/a.m3u8", "linux", "https://host/a.m3u8", None),
    ],
)
def test_each_system_has_its_names_of_cameras_and_addresses_stay_as_they_are(address, platform, file, kind):
    assert opened(address, platform)[:2] == (file, kind)
    assert opening(address, "tcp", 10.0, {}, platform).interruptible == (kind is None)


def test_options_of_the_user_come_last():
    assert opened("camera:0", video_size="640x480", framerate=30)[2] == {"video_size": "640x480", "framerate": "30"}
    assert opened("camera:0", "darwin")[2] == {"framerate": "30"}
    assert opened("camera:0", "darwin", framerate=15)[2] == {"framerate": "15"}
    assert opening("rtsp://door/1", "udp", 4.0, {}).options == {"rtsp_transport": "udp", "timeout": "2000000"}


def test_windows_finds_a_camera_by_its_name(monkeypatch):
    listed = [SimpleNamespace(name=name, media_types=[kind]) for name, kind in (("mic", "audio"), ("@cam", "video"))]
    monkeypatch.setattr(live_address.av, "enumerate_input_devices", lambda name: listed, raising=False)
    assert opened("camera:0", "win32")[0] == "video=@cam"
    with pytest.raises(ConfigError, match=r"^source=camera:1: there are 1 cameras here, from camera:0 on$"):
        opened("camera:1", "win32")
    monkeypatch.delattr(live_address.av, "enumerate_input_devices", raising=False)
    with pytest.raises(ConfigError, match=r"^source=camera:0: give the name of the camera, as camera:NAME"):
        opened("camera:0", "win32")


def test_standard_input_must_be_sent_something(monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda number: True)
    with pytest.raises(ConfigError, match=r"source=-: nothing is sent to standard input; use a pipe"):
        opened("-")
    monkeypatch.setattr(live_address, "STDIN", 99999)
    monkeypatch.undo()
    monkeypatch.setattr(live_address, "STDIN", 99999)
    with pytest.raises(ConfigError, match=r"source=-: standard input is closed"):
        opened("-")


def test_a_file_that_is_redirected_is_told_from_a_pipe(tmp_path, monkeypatch):
    (tmp_path / "film.ts").touch()
    reading, writing = os.pipe()
    with (tmp_path / "film.ts").open() as file:
        monkeypatch.setattr(live_address, "STDIN", file.fileno())
        assert is_redirected_file("-") and not is_redirected_file("camera:0")
        monkeypatch.setattr(live_address, "STDIN", reading)
        assert not is_redirected_file("-") and opened("-")[0] == "pipe:0"
    os.close(reading)
    os.close(writing)
    assert not can_be_opened_again("-") and can_be_opened_again("camera:0")


def test_what_to_do_depends_on_what_cannot_be_opened():
    assert advice("-") == "send MPEG-TS or MJPEG" and advice("rtsp://door") == "check the address"
    assert advice("camera:0").startswith("check the camera")


@pytest.mark.skipif(sys.platform != "linux", reason="the format is Linux's")
def test_ffmpeg_knows_the_format():
    with pytest.raises(av.FFmpegError, match="No such file"):
        av.open("/dev/video-none", format=opened("camera:/dev/video-none")[1])
