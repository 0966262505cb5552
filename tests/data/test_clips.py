import numpy as np
import pytest

from yowo.data.clips import clip_indices, clip_moments


def test_the_key_frame_is_last_and_frames_before_the_first_repeat_it():
    assert clip_indices(10, 100, 4).tolist() == [7, 8, 9, 10]
    assert clip_indices(1, 100, 4).tolist() == [0, 0, 0, 1]


def test_dilation_steps_over_frames():
    assert clip_indices(10, 100, 4, dilation=3).tolist() == [1, 4, 7, 10]


def test_annotation_past_the_end_takes_the_last_frame():
    assert clip_indices(12, 10, 4).tolist() == [9, 9, 9, 9]


@pytest.mark.parametrize("frame", [0, 5, 99])
def test_the_control_repeats_the_key_frame(frame):
    assert np.array_equal(clip_indices(frame, 100, 8, 2, repeat_key_frame=True), np.full(8, frame))


def test_moments_of_a_film_are_thirtieths_of_a_second_apart_and_end_at_the_key_frame():
    assert clip_moments(902.0, 4).tolist() == pytest.approx([902 - 3 / 30, 902 - 2 / 30, 902 - 1 / 30, 902])
    assert clip_moments(1.0, 3, dilation=15).tolist() == pytest.approx([0, 0.5, 1])
