import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from tests.make_data import write_video
from yowo.storage.film_source import open_source, source_frames
from yowo.video.backends import choose_backend
from yowo.video.decord_reader import DecordReader
from yowo.video.grey import is_grey, with_its_range
from yowo.video.reader import open_video

LEVELS = (16, 64, 128, 200, 235)
LIMITED = (0, 56, 130, 214, 255)
"""What a player makes of them if 16 is black and 235 white: (level - 16) * 255 / 219."""


def write_grey(path, codec, pixel_format, color_range, levels=LEVELS):
    """Write a frame of each level of luma."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options={"crf": "1", "x265-params": "log-level=none"})
        stream.width = stream.height = 64
        stream.pix_fmt = pixel_format
        stream.codec_context.color_range = color_range
        deep = pixel_format.endswith("10le")
        for level in levels:
            frame = av.VideoFrame(64, 64, pixel_format)
            for number, plane in enumerate(frame.planes):
                value = level if number == 0 else 128
                count = plane.buffer_size // (2 if deep else 1)
                plane.update(np.full(count, value * 4 if deep else value, np.uint16 if deep else np.uint8).tobytes())
            frame.color_range = color_range
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


CASES = [
    ("libx264", "gray", "mp4"), ("libx264", "gray10le", "mp4"), ("libx265", "gray", "mp4"),
    ("libx265", "gray10le", "mp4"), ("ffv1", "gray", "mkv"), ("libx264", "yuv420p", "mp4"),
    ("libx264", "yuv420p10le", "mkv"), ("libvpx-vp9", "yuv420p", "webm"),
]  # fmt: skip


@pytest.mark.parametrize("color_range", [ColorRange.MPEG, ColorRange.JPEG])
@pytest.mark.parametrize(("codec", "pixel_format", "ending"), CASES)
def test_both_decoders_give_the_levels_that_the_streams_range_means(tmp_path, codec, pixel_format, ending, color_range):
    path = tmp_path / f"film.{ending}"
    write_grey(path, codec, pixel_format, color_range)
    expected = LIMITED if color_range == ColorRange.MPEG else LEVELS
    for decoder in ("decord", "pyav"):
        with open_video(path, decoder=decoder) as reader:
            seen = reader.get_frames(range(5))[:, 32, 32]
        assert seen.tolist() == pytest.approx(np.repeat(np.array(expected)[:, None], 3, axis=1), abs=3)


def test_grey_streams_are_not_left_to_decord_where_it_seems_to_agree(tmp_path):
    """In the middle of the range both readings are alike, so the first and the last frame do not tell."""
    write_grey(tmp_path / "film.mp4", "libx265", "gray", ColorRange.MPEG, levels=(128, 20, 230, 128))
    assert choose_backend(tmp_path / "film.mp4") == "pyav"
    with DecordReader(tmp_path / "film.mp4") as reader:
        assert reader.get_frames([1])[0, 0, 0, 0] > 10  # black would be 5


def test_silent_streams_have_the_range_of_their_codec():
    frame = av.VideoFrame(32, 16, "gray")
    frame.planes[0].update(np.full(frame.planes[0].buffer_size, 235, dtype=np.uint8).tobytes())
    frame.pts = 7
    seen = with_its_range(frame, "h264")
    assert (seen.format.name, seen.pts) == ("yuv420p", 7)
    assert abs(int(seen.to_ndarray(format="rgb24").min()) - 255) <= 1
    assert with_its_range(frame, "ffv1") is frame and with_its_range(frame, "png") is frame


def test_odd_widths_keep_their_pictures(tmp_path):
    frame = av.VideoFrame.from_ndarray(np.tile(np.arange(16, 235, 5, dtype=np.uint8)[:43], (9, 1)), format="gray")
    seen = with_its_range(frame, "hevc").to_ndarray(format="rgb24")
    expected = (np.arange(16, 235, 5)[:43] - 16) * 255 / 219
    assert seen.shape == (9, 43, 3) and np.abs(seen[..., 1] - expected).max() <= 2


def test_prepared_copies_are_made_from_the_levels_that_are_seen(tmp_path):
    write_grey(tmp_path / "film.mp4", "libx265", "gray", ColorRange.MPEG)
    frames = source_frames(open_source(tmp_path / "film.mp4"))
    assert [int(f.to_ndarray(format="rgb24")[32, 32, 0]) for f in frames] == pytest.approx(LIMITED, abs=3)


def test_only_grey_formats_are_grey(tmp_path):
    assert [is_grey(name) for name in ("gray", "gray10le", "yuv420p", None)] == [True, True, False, False]
    write_video(tmp_path / "c.mp4", np.zeros((2, 32, 32, 3), dtype=np.uint8))
    with av.open(str(tmp_path / "c.mp4")) as container:
        frame = next(container.decode(video=0))
    assert with_its_range(frame, "mpeg4") is frame
