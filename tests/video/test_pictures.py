import av
import numpy as np
import pytest
from PIL import Image

from yowo.errors import VideoError
from yowo.video.pictures import exif_orientation, is_picture, picture_names, read_picture

RAMP = (np.arange(256, dtype=np.uint16) * 257).reshape(16, 16)
"""All levels of 8 bits, in 16."""


def write_deep(path, pixel_format, values):
    """Write a picture of 16 bits a channel, uint16 [H, W, C]."""
    height, width = values.shape[:2]
    order = ">u2" if pixel_format.endswith("be") else "<u2"
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream(path.suffix[1:].replace("tif", "tiff"), rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        frame = av.VideoFrame(width, height, pixel_format)
        rows = np.zeros((height, frame.planes[0].line_size // 2), dtype=order)
        rows[:, : values[0].size] = values.reshape(height, -1)
        frame.planes[0].update(rows.tobytes())
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.mark.parametrize(
    ("name", "pixel_format", "channels"),
    [("g.png", "gray16be", 1), ("c.png", "rgb48be", 3), ("a.png", "rgba64be", 4), ("c.tif", "rgb48le", 3)],
)
def test_pictures_of_16_bits_keep_their_brightness(tmp_path, name, pixel_format, channels):
    values = np.repeat(RAMP[..., None], channels, axis=2)
    if channels == 4:
        values[..., 3] = 65535
    write_deep(tmp_path / name, pixel_format, values)
    seen = read_picture(tmp_path / name)
    assert seen.shape == (16, 16, 3) and (seen == (RAMP >> 8)[..., None]).all()


def test_grey_tiff_of_16_bits_and_negatives_are_read_as_they_are_seen(tmp_path):
    Image.fromarray(RAMP).save(tmp_path / "g.tif")
    Image.fromarray(RAMP).save(tmp_path / "negative.tif", tiffinfo={262: 0})
    assert (read_picture(tmp_path / "g.tif")[..., 0] == RAMP >> 8).all()
    assert (read_picture(tmp_path / "negative.tif")[..., 0] == 255 - (RAMP >> 8)).all()


def test_values_without_a_certain_brightness_are_refused_with_a_reason(tmp_path):
    Image.fromarray(np.full((4, 4), 0.5, dtype=np.float32)).save(tmp_path / "f.tif")
    Image.fromarray(np.full((4, 4), 70_000, dtype=np.int32)).save(tmp_path / "i.tif")
    with pytest.raises(VideoError, match=r"f\.tif: has floats as values.*convert it to 8 or 16 bits"):
        read_picture(tmp_path / "f.tif")
    with pytest.raises(VideoError, match=r"i\.tif: has 32 bits as values"):
        read_picture(tmp_path / "i.tif")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_their_exif_data_say(tmp_path, orientation):
    """The red corner of the scene is its upper left one, however the camera was held."""
    scene = np.zeros((16, 24, 3), dtype=np.uint8)
    scene[:8, :8, 0] = 255
    undo = {
        1: scene, 2: scene[:, ::-1], 3: scene[::-1, ::-1], 4: scene[::-1], 5: scene.transpose(1, 0, 2),
        6: np.rot90(scene, 1), 7: scene[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(scene, -1),
    }[orientation]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(undo)).save(tmp_path / "p.png", exif=exif)
    assert (read_picture(tmp_path / "p.png") == scene).all()
    assert exif_orientation(tmp_path / "p.png") == orientation


def test_every_kind_of_colour_becomes_rgb(tmp_path):
    plain = Image.new("RGB", (8, 8), (200, 100, 50))
    files = {"P": "p.png", "RGBA": "a.png", "CMYK": "c.jpg", "YCbCr": "y.tif", "LA": "la.png", "1": "b.png"}
    for mode, name in files.items():
        plain.convert(mode).save(tmp_path / name)
    seen = {mode: read_picture(tmp_path / name)[4, 4].tolist() for mode, name in files.items()}
    for mode in ("P", "RGBA", "CMYK", "YCbCr"):
        assert seen[mode] == pytest.approx([200, 100, 50], abs=6)
    assert seen["LA"] == [124, 124, 124] and set(seen["1"]) <= {0, 255}


def test_what_is_transparent_shows_white_paper_and_not_the_colour_beneath(tmp_path):
    Image.new("RGBA", (8, 8), (200, 0, 0, 0)).save(tmp_path / "clear.png")
    Image.new("RGBA", (8, 8), (200, 0, 0, 128)).save(tmp_path / "half.png")
    assert read_picture(tmp_path / "clear.png")[0, 0].tolist() == [255, 255, 255]
    assert read_picture(tmp_path / "half.png")[0, 0].tolist() == pytest.approx([227, 127, 127], abs=1)


def test_damaged_pictures_are_named(tmp_path):
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    with pytest.raises(VideoError, match=r"x\.png: not a readable picture"):
        read_picture(tmp_path / "x.png")
    assert exif_orientation(tmp_path / "x.png") == 1


def touch(folder, *names):
    for name in names:
        (folder / name).touch()


@pytest.mark.parametrize(
    "names",
    [
        ("00001.jpg", "00002.jpg", "00005.jpg"),
        ("f1.png", "f02.png", "f003.png", "f10.png"),
        ("2024-05-01_09-59-58.jpg", "2024-05-01_10-00-01.jpg"),
        ("t9_cam1.jpg", "t10_cam1.jpg"),
        ("arrive.jpg", "leave.jpg", "Wave.jpg"),
    ],
)
def test_pictures_follow_in_the_order_of_their_numbers_then_letters(tmp_path, names):
    touch(tmp_path, *reversed(names), "notes.txt", "._00001.jpg", "Thumbs.db", ".DS_Store")
    assert picture_names(tmp_path) == list(names)


def test_a_cover_among_numbered_pictures_is_no_frame(tmp_path):
    touch(tmp_path, "1.jpg", "cover.jpg", "2.jpg")
    assert picture_names(tmp_path) == ["1.jpg", "2.jpg"]


def test_pictures_that_differ_in_their_ending_only_are_refused(tmp_path):
    touch(tmp_path, "1.jpg", "1.png")
    with pytest.raises(VideoError, match=r"1\.jpg and 1\.png have the same name but for the ending"):
        picture_names(tmp_path)
    with pytest.raises(VideoError, match=r"gone: cannot be listed"):
        picture_names(tmp_path / "gone")


def test_hidden_files_and_other_endings_are_no_pictures():
    assert [is_picture(name) for name in ("a.JPG", "a.tiff", "._a.jpg", "a.mp4", "jpg")] == [True, True] + [False] * 3
