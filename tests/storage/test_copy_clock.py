from fractions import Fraction

import numpy as np
import pytest

from tests.film_cases import film, shown_at, sound_first
from yowo.storage.copy_clock import FINEST, copy_clock
from yowo.video.frame_index import FrameIndex, frame_index
from yowo.video.packets import NO_TIME


def index(times, tick, origin=None, fps=25.0):
    times = np.array(times, dtype=np.int64)
    return FrameIndex(times, np.array([0]), fps, 64, 48, False, Fraction(tick), origin)


def test_times_equal_those_of_the_source_exactly(tmp_path):
    path = film(tmp_path / "v.mkv", 6, ticks=[0, 7, 9, 30, 31, 90], tick=Fraction(1, 600))
    clock = copy_clock(frame_index(path))
    assert [Fraction(int(tick), clock.rate) for tick in clock.ticks] == shown_at(path)


def test_a_late_first_frame_is_moved_to_time_zero():
    clock = copy_clock(index([500, 520, 560], Fraction(1, 1000), origin=Fraction(1, 2)))
    assert clock.ticks.tolist() == [0, 20, 60] and clock.rate == 1000 and clock.delay == 0


def test_audio_that_starts_first_becomes_a_delay(tmp_path):
    plain = film(tmp_path / "v.mp4", 4)
    assert copy_clock(frame_index(plain)).delay == 0
    assert copy_clock(frame_index(sound_first(tmp_path / "s.mp4", plain, 10))).delay == Fraction(10, 25)


def test_time_scales_with_too_large_a_common_multiple_keep_that_of_the_source():
    clock = copy_clock(index([1000, 2000], Fraction(1, 999_983), origin=Fraction(-1, 1_000_003)))
    assert clock.rate == 999_983 <= FINEST and clock.ticks.tolist() == [1001, 2001]


@pytest.mark.parametrize("times", [[0, 2, 1], [0, 0, 1], [NO_TIME, NO_TIME, NO_TIME]])
def test_times_that_do_not_increase_become_evenly_spaced(times):
    clock = copy_clock(index(times, Fraction(1, 1000), fps=24000 / 1001))
    assert np.allclose(clock.ticks / clock.rate, np.arange(3) * 1001 / 24000) and clock.last == clock.ticks[1]


def test_a_time_base_that_does_not_divide_a_second_is_kept():
    clock = copy_clock(index([0, 1, 2], Fraction(1001, 24000)))
    assert [Fraction(int(tick), clock.rate) for tick in clock.ticks] == [
        0,
        Fraction(1001, 24000),
        Fraction(1001, 12000),
    ]


def test_the_identity_depends_on_the_times_only():
    one = copy_clock(index([0, 40, 80], Fraction(1, 1000)))
    assert one.identity == copy_clock(index([10, 12, 14], Fraction(1, 50), origin=Fraction(10, 50))).identity
    assert one.identity != copy_clock(index([0, 40, 81], Fraction(1, 1000))).identity
    assert one.identity != copy_clock(index([0, 40], Fraction(1, 1000))).identity
