import av
import numpy as np
import pytest

from tests.film_cases import film, pictures_of, psnr
from tests.video.video_files import sequential
from yowo.errors import ConfigError, VideoError
from yowo.storage.film_source import open_source
from yowo.storage.transcoder import Recipe, TargetError, scaled_size, transcode

QUICK = Recipe(short_side=48, preset="ultrafast")


@pytest.mark.parametrize(
    ("size", "short_side", "expected"),
    [
        ((1920, 1080), 256, (456, 256)),
        ((1080, 1920), 256, (256, 456)),
        ((320, 240), 256, (320, 240)),
        ((321, 241), 256, (320, 240)),
        ((4000, 20), 16, (3200, 16)),
        ((1, 1), 256, (2, 2)),
    ],
)
def test_the_shorter_side_is_scaled_and_both_are_even(size, short_side, expected):
    assert scaled_size(size, short_side) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"short_side": 255}, "short side: expected an even number of pixels of at least 16, got 255"),
        ({"short_side": 0}, "short side: expected"),
        ({"gop": 0}, "gop: expected a key frame distance of at least 1 frame, got 0"),
        ({"crf": 36}, "crf: expected 0 to 35, got 36"),
        ({"crf": -1}, "crf: expected 0 to 35, got -1"),
        ({"preset": "best"}, "preset: expected one of ultrafast, .*, got 'best'"),
    ],
)
def test_an_invalid_recipe_is_an_error_that_names_the_value(change, message):
    Recipe().check()
    with pytest.raises(ConfigError, match=message):
        Recipe(**change).check()


def test_the_callback_gets_the_frames_of_the_source(tmp_path):
    source, seen = film(tmp_path / "v.mp4", 9), []
    clock = transcode(
        open_source(source),
        tmp_path / "c.mp4",
        QUICK,
        1,
        lambda n, frame: seen.append((n, frame.to_ndarray(format="rgb24"))),
    )
    assert [n for n, _ in seen] == list(range(9)) and len(clock.ticks) == 9
    assert np.array_equal(np.stack([picture for _, picture in seen]), sequential(source))


def test_a_copy_has_no_audio_no_b_frames_and_its_index_at_the_beginning(tmp_path):
    transcode(open_source(film(tmp_path / "v.mp4")), tmp_path / "c.mp4", Recipe(), 2)
    with av.open(str(tmp_path / "c.mp4")) as copy:
        assert len(copy.streams) == 1
        video = copy.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert all(packet.pts == packet.dts for packet in copy.demux(video) if packet.size)
    content = (tmp_path / "c.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(("codec", "name"), [("ffv1", "rgb.mkv"), ("mjpeg", "full.avi"), ("libx264", "tv.mp4")])
def test_colours_are_preserved(tmp_path, codec, name):
    """RGB without a matrix, full and narrow range."""
    shown, path = pictures_of(4, (64, 48)), tmp_path / name
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = {"ffv1": "bgr0", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        stream.bit_rate = 4_000_000
        for picture in shown:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    transcode(open_source(path), tmp_path / "c.mp4", QUICK._replace(crf=5))
    for original, copy in zip(sequential(path), sequential(tmp_path / "c.mp4"), strict=True):
        assert psnr(original, copy) > 30 and np.abs(original.mean((0, 1)) - copy.mean((0, 1))).max() < 2


def test_frames_that_change_size_are_scaled_to_the_size_of_the_first(tmp_path):
    parts = [film(tmp_path / f"{width}.h264", 4, (width, 48)).read_bytes() for width in (64, 96)]
    (tmp_path / "v.h264").write_bytes(b"".join(parts))
    transcode(open_source(tmp_path / "v.h264"), tmp_path / "c.mp4", QUICK)
    assert sequential(tmp_path / "c.mp4").shape == (8, 48, 64, 3)


def test_errors_in_the_source_and_in_the_target_have_different_types(tmp_path):
    source = open_source(film(tmp_path / "v.mp4", 9))
    film(tmp_path / "v.mp4", 5)
    with pytest.raises(VideoError, match=r"v\.mp4: damaged after frame 4") as told:
        transcode(source, tmp_path / "c.mp4", QUICK)
    assert not isinstance(told.value, TargetError)
    with pytest.raises(TargetError, match=r"none/c\.mp4: cannot be written \(No such file or directory\)"):
        transcode(source, tmp_path / "none" / "c.mp4", QUICK)


def test_a_picture_that_cannot_be_scaled_is_an_error_in_the_source(tmp_path):
    def stop(position, frame):
        raise ValueError("no such format")

    with pytest.raises(VideoError, match=r"v\.mp4: cannot be encoded as H\.264 \(no such format\)") as told:
        transcode(open_source(film(tmp_path / "v.mp4", 3)), tmp_path / "c.mp4", QUICK, 1, stop)
    assert not isinstance(told.value, TargetError)
