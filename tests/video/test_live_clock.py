import pytest

from yowo.video.live_clock import LEAST, LiveClock


def times(clock, frames):
    return [clock.seconds(*frame) for frame in frames]


def test_timestamps_tell_when_frames_were_taken_and_not_when_they_came():
    clock = LiveClock(0.04, live=True)
    assert times(clock, [(5.0, 0.0), (5.1, 0.9), (5.2, 0.91), (8.0, 1.0)]) == pytest.approx([0, 0.1, 0.2, 3.0])


def test_without_timestamps_the_arrival_tells_it_and_in_a_file_the_rate():
    frames = [(None, 3.0), (None, 3.2), (None, 3.2)]
    assert times(LiveClock(0.04, live=True, stamped=False), frames) == pytest.approx([0, 0.2, 0.2 + LEAST])
    assert times(LiveClock(0.04, live=False, stamped=False), frames) == pytest.approx([0, 0.04, 0.08])


@pytest.mark.parametrize("live", [True, False])
def test_frames_whose_timestamp_is_missing_are_a_step_apart(live):
    frames = [(None, 0.0), (0.04, 1.3), (0.08, 1.3), (0.2, 1.3), (None, 1.3), (0.28, 1.3)]
    assert times(LiveClock(0.04, live), frames) == pytest.approx([0, 0.04, 0.08, 0.2, 0.24, 0.28])


@pytest.mark.parametrize("jump", [-4000.0, 90000.0])
def test_a_timestamp_of_another_clock_goes_on_where_the_last_ended(jump):
    frames = [(1.0, 0.0), (1.1, 0.1), (1.2 + jump, 0.3), (1.3 + jump, 0.4)]
    assert times(LiveClock(0.04, live=True), frames) == pytest.approx([0, 0.1, 0.3, 0.4])
    assert times(LiveClock(0.04, live=False), frames) == pytest.approx([0, 0.1, 0.14, 0.24])


def test_after_a_new_connection_the_time_without_frames_counts():
    clock = LiveClock(0.04, live=True)
    assert times(clock, [(50.0, 0.0), (50.1, 0.1)]) == pytest.approx([0, 0.1])
    clock.restart()
    assert times(clock, [(50.12, 7.1), (50.22, 7.3)]) == pytest.approx([7.1, 7.2])


def test_a_frame_that_came_late_does_not_shift_what_comes_after_a_new_connection():
    clock = LiveClock(0.04, live=True)
    assert times(clock, [(1.0, 0.5), (1.1, 0.6), (1.2, 4.7)]) == pytest.approx([0, 0.1, 0.2])
    clock.restart()
    assert times(clock, [(70.0, 6.5), (70.1, 6.6)]) == pytest.approx([6.0, 6.1])


def test_times_rise_also_where_timestamps_repeat_or_step_back():
    clock = LiveClock(0.04, live=True)
    assert times(clock, [(1.0, 0.0), (1.1, 0.1), (1.1, 0.2), (1.05, 0.3), (1.3, 0.4)]) == pytest.approx(
        [0, 0.1, 0.1 + LEAST, 0.1 + 2 * LEAST, 0.3]
    )
