import pytest
from PIL import Image

from tests.make_data import pictures, write_video
from tests.video.video_files import write_sound
from yowo.video.video_files import is_video_file, video_stem


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.mp4"
    write_video(path, pictures(3, 0))
    return path


@pytest.mark.parametrize(
    "ending",
    ["mts", "MTS", "m2ts", "3gp", "3GP", "vob", "ogv", "asf", "mxf", "Mp4", "MOV", "divx", "unheard", "ogg", "dat"],
)
def test_what_ffmpeg_reads_is_a_video_whatever_it_is_called(film, ending):
    path = film.with_suffix(f".{ending}")
    path.write_bytes(film.read_bytes())
    assert is_video_file(path)


def test_a_video_may_have_no_ending_or_a_number_for_one(film):
    for name in ("film", "camera.01"):
        film.with_name(name).write_bytes(film.read_bytes())
        assert is_video_file(film.with_name(name))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("film.txt", b"hello"),
        ("film.srt", b"1\n00:00:01,000 --> 00:00:02,000\nhi\n"),
        ("subtitles.unheard", b"1\n00:00:01,000 --> 00:00:02,000\nhi\n\n" * 9),
        ("film.json", b"{}"),
        ("app.ts", b"export const a = 1;\n" * 300),
        ("module.MTS", b"export const a = 1;\n"),
        ("text.unheard", b"some text\n" * 50),
        ("colours.unheard", b"\x1b[1;31mhello\x1b[0m\n" * 50),
        ("noise.unheard", bytes(range(256)) * 50),
        ("empty.unheard", b""),
    ],
)
def test_text_and_noise_are_no_videos(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert not is_video_file(tmp_path / name)


def test_sound_and_pictures_and_hidden_files_are_no_videos(tmp_path, film):
    write_sound(tmp_path / "sound.mp4")
    for name in ("sound.3gp", "sound.unheard"):
        (tmp_path / "sound.mp4").rename(tmp_path / name)
        assert not is_video_file(tmp_path / name)
        (tmp_path / name).rename(tmp_path / "sound.mp4")
    Image.new("RGB", (32, 32)).save(tmp_path / "still.gif")
    Image.new("RGB", (32, 32)).save(tmp_path / "still.jpg")
    (tmp_path / "still.jpg").rename(tmp_path / "still.unheard")
    film.with_name("._film.mp4").write_bytes(b"\x00\x05\x16\x07")
    for name in ("still.gif", "still.unheard", "._film.mp4"):
        assert not is_video_file(tmp_path / name)


def test_moving_gif_is_a_video(tmp_path):
    first, second = Image.new("RGB", (32, 32)), Image.new("RGB", (32, 32), (90, 0, 0))
    first.save(tmp_path / "moving.gif", save_all=True, append_images=[second])
    assert is_video_file(tmp_path / "moving.gif")


def test_a_damaged_video_is_still_one_so_that_it_is_reported(tmp_path):
    for name in ("cut.mp4", "cut.3gp"):
        (tmp_path / name).write_bytes(bytes(range(256)))
        assert is_video_file(tmp_path / name)


def test_names_lose_their_ending_but_not_a_number():
    names = ("a/film.MTS", "film.v2.mp4", "camera.01", "film", "cafe\u0301.3gp", "film.unheard")
    assert [video_stem(name) for name in names] == [
        "a/film",
        "film.v2",
        "camera.01",
        "film",
        "caf\u00e9",
        "film.unheard",
    ]
