import os

import pytest
from PIL import Image

from yowo.errors import ConfigError
from yowo.video.source_names import SourceKind, is_live, read_sources, shown


def touch(*paths):
    """Make files; those named as videos count as videos, those named as pictures are pictures."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        if path.suffix == ".jpg":
            Image.new("RGB", (8, 8)).save(path)


def names(source):
    return [one.name for one in read_sources(str(source)).each]


def paths(source, folder):
    return [os.path.relpath(one.address, folder) for one in read_sources(str(source)).each]


@pytest.mark.parametrize(
    ("typed", "address", "name"),
    [
        ("-", "-", "stdin"),
        ("0", "camera:0", "camera0"),
        ("camera:0", "camera:0", "camera0"),
        ("camera:/dev/video2", "camera:/dev/video2", "cameradev_video2"),
        ("rtsp://me:se@cret@door.local:554/a/b?x=1&y=2", None, "door.local_554_a_b"),
        ("RTSP://10.0.0.1", None, "10.0.0.1"),
        ("https://host/film.mp4", None, "host_film"),
        ("http://[::1]:8080/cam", None, "1_8080_cam"),
    ],
)
def test_streams_are_told_by_how_they_begin(typed, address, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ((kind, found, called),) = read_sources(typed).each
    assert (kind, found, called) == (SourceKind.LIVE, address or typed, name)
    assert is_live(typed) and not read_sources(typed).several


def test_what_is_there_is_a_file_whatever_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    odd = ["0", "a [1] *=é.mp4", "camera:7", "b?.mp4"]
    touch(*(tmp_path / name for name in odd))
    for name in odd:
        ((kind, address, _),) = read_sources(name).each
        assert (kind, address) == (SourceKind.FILE, name) and not is_live(name)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("gone.mp4", r"source=gone\.mp4: there is no such video or folder; check the path$"),
        ("udp://host:1", r"no such video or folder; check the path; streams begin with rtsp, .* https, not udp$"),
        ("rtsp://", r"source=rtsp://: names no host"),
        ("rtsp://me:pw@host:port/", r"source=rtsp://me:\*\*\*@host:port/: not a valid address"),
        ("camera:", r"no such video or folder; check the path, as camera:0$"),
        ("*.mkv", r"source=\*\.mkv: fits no file; check the pattern"),
        ("*", r"source=\*: fits 1 files and folders, but no video"),
        (" ", r"source is empty"),
    ],
)
def test_what_names_nothing_is_one_line(typed, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    touch(tmp_path / "notes.csv")
    with pytest.raises(ConfigError, match=words):
        read_sources(typed)


def test_passwords_are_not_shown():
    assert shown("rtsp://me:p@ss@host/a") == "rtsp://me:***@host/a"
    assert shown("http://me@host/a:b@c") == "http://me@host/a:b@c"
    assert shown("camera:0") == "camera:0"


def test_a_folder_is_one_video_of_pictures_or_several_videos(tmp_path):
    touch(tmp_path / "stills" / "1.jpg", tmp_path / "stills" / "2.jpg")
    assert read_sources(str(tmp_path / "stills")).each == ((SourceKind.PICTURES, str(tmp_path / "stills"), "stills"),)
    touch(tmp_path / "films" / "b10.mp4", tmp_path / "films" / "b9.mp4", tmp_path / "films" / "cover.jpg")
    assert names(tmp_path / "films") == ["b9", "b10"] and read_sources(str(tmp_path / "films")).several
    assert names(tmp_path) == ["b9", "b10", "stills"]
    assert [one.kind for one in read_sources(str(tmp_path)).each][2] is SourceKind.PICTURES


def test_a_folder_with_one_video_is_still_a_folder_of_videos(tmp_path):
    touch(tmp_path / "a.mp4")
    assert read_sources(str(tmp_path)).several
    with pytest.raises(ConfigError, match=r"source=.*none: holds no video"):
        (tmp_path / "none").mkdir()
        read_sources(str(tmp_path / "none"))


def test_a_pattern_finds_videos_and_folders_in_the_order_of_numbers(tmp_path):
    touch(*(tmp_path / name for name in ("v10.mp4", "v9.avi", "v1.csv", ".v2.mp4", "v3/in.mkv", "v4/1.jpg")))
    assert paths(tmp_path / "v*", tmp_path) == ["v3/in.mkv", "v4", "v9.avi", "v10.mp4"]
    assert paths(tmp_path / "**" / "*.mkv", tmp_path) == ["v3/in.mkv"]
    assert paths(tmp_path / "v[19]*", tmp_path) == ["v9.avi", "v10.mp4"]
    with pytest.raises(ConfigError, match="finds single pictures; give their folder"):
        read_sources(str(tmp_path / "v4" / "*"))


def test_a_list_names_videos_relative_to_itself(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    touch(*(tmp_path / name for name in ("sub/é one.mp4", "b.mp4", "more/c.mp4")))
    (tmp_path / "list.txt").write_bytes(
        "\ufeff# first\r\n\r\nsub/é one.mp4 \r\n".encode() + f"{tmp_path}/b.mp4\nmore\n".encode()
    )
    assert paths(tmp_path / "list.txt", tmp_path) == ["sub/é one.mp4", "b.mp4", "more/c.mp4"]
    assert read_sources(str(tmp_path / "list.txt")).several


def test_a_video_of_a_list_that_is_not_there_fails_when_its_turn_comes(tmp_path):
    touch(tmp_path / "b.mp4")
    (tmp_path / "list.txt").write_text("gone.mp4\nb.mp4\n")
    assert names(tmp_path / "list.txt") == ["gone", "b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n# a.mp4\n", r"list\.txt: names no video; expected a path a line"),
        (
            "\n\ngone.mp4\nlost.mp4\n",
            r"list\.txt, line 3: .*/gone\.mp4: there is no such video; .* relative to the list",
        ),
        ("rtsp://me:pw@host/1\n", r"list\.txt, line 1: rtsp://me:\*\*\*@host/1 is a stream"),
        ("list.txt\n", r"list\.txt, line 1: list\.txt is a list itself"),
        ("\0\n", r"there is no such video"),
    ],
)
def test_mistakes_in_a_list_are_told_with_their_line(text, words, tmp_path):
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_sources(str(tmp_path / "list.txt"))


def test_several_videos_have_several_names(tmp_path):
    touch(*(tmp_path / name for name in ("cam1/x.mp4", "cam2/x.mp4", "cam2/y.mp4")))
    assert names(tmp_path) == ["cam1/x", "cam2/x", "cam2/y"]
    touch(tmp_path / "cam2" / "X.avi")
    assert sorted(names(tmp_path)) == ["cam1/x", "cam2/X.avi", "cam2/x.mp4", "cam2/y"]


def test_what_is_named_twice_is_taken_once(tmp_path):
    touch(tmp_path / "a.mp4", tmp_path / "b.mp4")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "b.mp4")
    (tmp_path / "list.txt").write_text("b.mp4\na.mp4\n./b.mp4\nlink.mp4\n")
    assert names(tmp_path / "list.txt") == ["b", "a"]
