import pytest

from yowo.models.sliding_plan import make_plan


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
@pytest.mark.parametrize("clip_len", range(1, 12))
def test_positions_have_the_taps_of_frames_inside_the_window(kernel, clip_len):
    half = kernel // 2
    for place, (span, lag) in enumerate(make_plan(clip_len, kernel).positions):
        inside = [tap for tap in range(kernel) if 0 <= place + tap - half < clip_len]
        assert span == (inside[0], inside[-1])
        last_frame = place + inside[-1] - half
        assert lag == clip_len - 1 - last_frame


def test_each_tap_is_computed_once_and_each_sum_takes_one_addition():
    plan = make_plan(16, 7)
    assert plan.taps == tuple(range(7))
    assert sum(made.inner is not None for made in plan.sums) == 11
    spans = {position.span for position in plan.positions}
    assert len(spans) == 7 and spans <= {made.span for made in plan.sums}


def test_a_sum_comes_after_those_that_it_is_made_of():
    for clip_len in (1, 2, 5, 16):
        made: set[tuple[int, int]] = set()
        for step in make_plan(clip_len, 7).sums:
            assert step.inner is None or step.inner in made
            made.add(step.span)


def test_a_window_of_one_frame_needs_no_past():
    assert make_plan(1, 7).past() == ()
