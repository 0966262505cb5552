import numpy as np
import pytest
import torch

from yowo.inference.outputs.recent_tubes import MOST_TUBES, RecentTubes
from yowo.inference.streaming import FrameResult
from yowo.inference.tracks import FrameRows, FrameTube, TrackedFrame

FPS = 10.0


class Painter:
    """Gives each person a colour, or each class."""

    def __init__(self, by_class=False, paint=None):
        self.painted, self._by_class, self._picture = [], by_class, paint

    def paint(self, tracked):
        self.painted.append(tracked.result.frame)
        return tracked.result.picture if self._picture is None else self._picture

    def colours(self, tracked):
        kinds = tracked.rows.labels if self._by_class else tracked.people
        return [(10 * kind % 256, 200, 7) for kind in kinds.tolist()]


def frame(number, rows, seconds=None):
    """A frame with rows (tube, person, label, score), each of its own tube; of tube 0 there is none."""
    tubes, people, labels, scores = (np.array(column) for column in zip(*rows, strict=True)) if rows else [[]] * 4
    boxes = np.tile(np.array([4, 4, 20, 30], np.float32), (len(rows), 1))
    found = {"boxes": torch.zeros(0, 4), "scores": torch.zeros(0), "labels": torch.zeros(0, dtype=torch.int64)}
    picture = np.full((48, 64, 3), number % 256, np.uint8)
    result = FrameResult(number, picture, found, number / FPS if seconds is None else seconds)
    kept = FrameRows(boxes, np.array(scores, np.float32), np.array(labels, np.int64), np.arange(len(rows)))
    through = [FrameTube(tube, person, label, (4, 4, 20, 30), 0.25) for tube, person, label, _ in rows if tube]
    return TrackedFrame(result, kept, np.array(tubes, np.int64), np.array(people, np.int64), through)


def test_a_tube_has_start_end_and_score_over_time():
    recent = RecentTubes(FPS)
    for number in range(30):
        recent.add(
            frame(number, [(7, 2, 4, 0.5 + number / 100), (0, 0, 1, 0.9)] if 10 <= number < 20 else []), Painter()
        )
    (tube,) = recent.list()
    assert (tube.tube, tube.person, tube.label) == (7, 2, 4)
    assert (tube.start, tube.end) == pytest.approx((1.0, 2.0)) and tube.score == pytest.approx(0.69)
    assert [seconds for seconds, _ in tube.samples] == pytest.approx([1.0, 1.5])
    assert [score for _, score in tube.samples] == pytest.approx([0.64, 0.69])
    assert recent.now == pytest.approx(3.0) and not recent.is_on(tube)


def test_people_come_in_the_order_of_their_numbers_and_their_tubes_in_that_of_their_starts():
    recent = RecentTubes(FPS)
    recent.add(frame(0, [(3, 2, 0, 0.5), (9, 1, 1, 0.5)]), Painter())
    recent.add(frame(1, [(3, 2, 0, 0.5), (2, 1, 5, 0.5), (9, 1, 1, 0.5)]), Painter())
    assert [tube.tube for tube in recent.list()] == [9, 2, 3] and all(map(recent.is_on, recent.list()))


def test_what_ended_a_minute_ago_is_forgotten_and_the_scores_of_a_long_tube_too():
    recent = RecentTubes(FPS)
    for number in range(3000):
        recent.add(frame(number, [(1, 1, 0, 0.5)] + ([(2, 2, 0, 0.5)] if number < 2000 else [])), Painter())
    (tube,) = recent.list()
    assert tube.tube == 1 and tube.start == 0 and len(tube.samples) <= 122
    assert tube.samples[0][0] <= recent.now - 60 < tube.samples[1][0]


def test_of_very_many_tubes_the_latest_are_remembered():
    recent = RecentTubes(FPS)
    for number in range(20):
        recent.add(frame(number, [(1 + number * 50 + row, 1, 0, 0.5) for row in range(50)]), Painter())
    numbers = {tube.tube for tube in recent.list()}
    assert len(numbers) == MOST_TUBES and max(numbers) == 1000 and min(numbers) > 500


def test_times_of_a_source_with_a_variable_rate_are_the_frames_own():
    recent = RecentTubes(FPS)
    for number, seconds in enumerate((0.0, 0.1, 5.0)):
        recent.add(frame(number, [(1, 1, 0, 0.5)], seconds), Painter())
    assert recent.list()[0].end == pytest.approx(5.1)


def test_a_tube_goes_on_where_it_has_no_detection_with_its_last_score():
    recent = RecentTubes(FPS)
    for number in range(8):
        whole = frame(number, [(1, 1, 0, 0.5 + number / 100)])
        none = np.zeros(0, np.int64)
        bare = whole._replace(rows=frame(0, []).rows, tracks=none, people=none)
        recent.add(whole if number < 3 else bare, Painter())
    (tube,) = recent.list()
    assert tube.end == pytest.approx(0.8) and tube.score == pytest.approx(0.52) and tube.colour == (10, 200, 7)
