import logging

import numpy as np
import pytest

from yowo.contracts import Tube
from yowo.datasets.picture_numbers import PictureNumbers, report_missing


@pytest.fixture
def numbers(tmp_path):
    def made(*names):
        for name in names:
            (tmp_path / name).touch()
        return PictureNumbers(tmp_path)

    return made


def tube(start, count):
    return Tube(1, start, np.arange(4 * count, dtype=np.float32).reshape(count, 4))


def test_plain_numbering_leaves_everything_as_it_is_also_past_the_end(numbers):
    found = numbers("00001.jpg", "00002.jpg", "00003.jpg")
    assert [found.place(number) for number in (1, 3, 9)] == [0, 2, 8]
    (same,) = found.tubes([tube(1, 5)])
    assert same.start == 1 and len(same.boxes) == 5


def test_frames_without_a_picture_take_no_other_picture(numbers, caplog):
    found = numbers("00001.jpg", "00002.jpg", "00003.jpg", "00005.jpg", "00006.jpg")
    assert [found.place(number) for number in (3, 4, 5)] == [2, None, 3]
    with caplog.at_level(logging.WARNING):
        (moved,) = found.tubes([tube(2, 3)])  # numbers 3, 4 and 5
    assert moved.start == 2 and moved.boxes[:, 0].tolist() == [0, 8]
    assert "1 boxes are on pictures that are missing" in caplog.text


def test_numbers_may_start_anywhere_and_at_zero(numbers):
    found = numbers("img_00000.png", "img_00001.png")
    assert found.first == 0 and found.place(0) == 0
    (moved,) = found.tubes([tube(0, 2)])
    assert moved.start == 0 and len(moved.boxes) == 2


def test_tubes_of_which_no_picture_is_left_are_gone(numbers):
    assert numbers("101.jpg", "102.jpg").tubes([tube(0, 5)]) == ()
    assert numbers("101.jpg").tubes([tube(99, 3)])[0].start == 0


def test_missing_key_frames_are_counted_and_the_first_named(caplog):
    with caplog.at_level(logging.WARNING):
        report_missing([])
        report_missing(["labels/a/00004.txt", "labels/a/00007.txt"])
    assert caplog.messages == ["2 key frames have no picture and were left out; the first: labels/a/00004.txt"]
