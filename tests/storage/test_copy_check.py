from fractions import Fraction

import numpy as np
import pytest

from tests.film_cases import film, pictures_of
from yowo.errors import VideoError
from yowo.storage.copy_check import ReferenceFrame, check_copy, coarse, sample_positions
from yowo.storage.copy_clock import copy_clock
from yowo.video.frame_index import frame_index

SIZE = (64, 48)
GOP = {"x264-params": "keyint=8:min-keyint=8:bframes=0:scenecut=0"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A film as copies are."""
    return film(tmp_path_factory.mktemp("copies") / "v.mp4", 20, SIZE, options=GOP)


def samples(positions=(0, 7, 19), shift=0):
    shown = pictures_of(20 + shift, SIZE)
    return [ReferenceFrame(position, coarse(shown[position + shift], SIZE)) for position in positions]


def check(path, clock=None, gop=8, size=SIZE, compared=None):
    check_copy(path, clock or copy_clock(frame_index(path)), gop, size, samples() if compared is None else compared)


def test_a_good_copy_passes(copy):
    check(copy)


def test_each_difference_is_an_error(copy, tmp_path):
    clock = copy_clock(frame_index(copy))
    with pytest.raises(VideoError, match=r"v\.mp4: .* expected 19 frames, got 20"):
        check(copy, clock._replace(ticks=clock.ticks[:-1]))
    with pytest.raises(VideoError, match=r"expected 64x64 pixels, got 64x48"):
        check(copy, size=(64, 64))
    with pytest.raises(VideoError, match=r"expected a key frame every 4 frames, got key frames at \[0, 8, 16\]"):
        check(copy, gop=4)
    with pytest.raises(VideoError, match=r"expected one frame per packet and closed groups of pictures"):
        check(film(tmp_path / "open.mp4", 20, options={"x264-params": "keyint=8:bframes=3:b-adapt=0:open-gop=1"}))


def test_one_tick_too_late_is_an_error(copy):
    clock = copy_clock(frame_index(copy))
    late = clock.ticks.copy()
    late[7] += 1
    with pytest.raises(VideoError, match=r"expected the source's frame times, starting at 0 s, got different ones"):
        check(copy, clock._replace(ticks=late))
    with pytest.raises(
        VideoError, match=r"expected the source's frame times, starting at 0\.04 s, got different ones, starting at 0 s"
    ):
        check(copy, clock._replace(ticks=clock.ticks + clock.ticks[1]))
    doubled = clock._replace(ticks=clock.ticks * 2, rate=clock.rate * 2)
    assert Fraction(int(doubled.ticks[3]), doubled.rate) == Fraction(3, 25)
    check(copy, doubled)


def test_different_pictures_are_an_error(copy):
    with pytest.raises(
        VideoError, match=r"expected a PSNR of at least 22 dB between frame 0 and the source's, got \d+\.\d dB"
    ):
        check(copy, compared=samples(shift=1))
    upside_down = [ReferenceFrame(one.position, one.coarse[::-1]) for one in samples()]
    with pytest.raises(VideoError, match="between frame 0 and the source's"):
        check(copy, compared=upside_down)
    other_colours = [ReferenceFrame(one.position, one.coarse[..., ::-1]) for one in samples()]
    with pytest.raises(VideoError, match="between frame 0 and the source's"):
        check(copy, compared=other_colours)


def test_the_first_and_the_last_frame_are_compared():
    assert {0, 999} <= sample_positions(1000) and len(sample_positions(1000)) == 8
    assert sample_positions(1) == {0} and sample_positions(3) == {0, 1, 2}


def test_fine_noise_does_not_count():
    noise = np.random.default_rng(0).integers(-20, 20, (480, 640, 3)) + 128
    assert np.abs(coarse(noise.astype(np.uint8), (640, 480)) - 128).max() < 4
