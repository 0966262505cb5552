import numpy as np
import pytest
from PIL import Image

from yowo.errors import YowoError
from yowo.inference.gif import write_gif


def moving(count, height=60, width=80):
    """Pictures of a red square that moves to the right over a grey ramp."""
    pictures = np.empty((count, height, width, 3), np.uint8)
    pictures[:] = np.linspace(40, 200, width).astype(np.uint8)[:, None]
    for number, picture in enumerate(pictures):
        picture[20:40, 10 * number : 10 * number + 20] = (255, 0, 0)
    return list(pictures)


def test_the_pictures_come_back_in_order_and_repeat(tmp_path):
    write_gif(tmp_path / "new" / "a.gif", moving(5), fps=12.5)
    gif = Image.open(tmp_path / "new" / "a.gif")
    assert gif.n_frames == 5 and gif.info["duration"] == 80 and gif.info["loop"] == 0
    for number, picture in enumerate(moving(5)):
        gif.seek(number)
        shown = np.asarray(gif.convert("RGB")).astype(int)
        assert np.abs(shown - picture).mean() < 4
        assert np.abs(shown[30, 10 * number + 10] - (255, 0, 0)).max() < 12


def test_palettes_shrink_until_the_file_is_small_enough(tmp_path):
    noise = list(np.random.default_rng(0).integers(0, 255, (3, 60, 80, 3), np.uint8))
    write_gif(tmp_path / "large.gif", noise, 10)
    size = (tmp_path / "large.gif").stat().st_size
    write_gif(tmp_path / "small.gif", noise, 10, most_bytes=size - 1)
    assert (tmp_path / "small.gif").stat().st_size < size


def test_a_rate_that_viewers_would_slow_down_is_the_highest_they_show(tmp_path):
    write_gif(tmp_path / "a.gif", moving(2), fps=240)
    assert Image.open(tmp_path / "a.gif").info["duration"] == 20


def test_no_picture_is_refused(tmp_path):
    with pytest.raises(YowoError, match="expected at least one picture"):
        write_gif(tmp_path / "a.gif", [], 10)
