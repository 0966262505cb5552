import subprocess
import sys
import time

import pytest

from yowo.commands import demo_time
from yowo.commands.demo_time import LEAST_TRAINING, LEAST_VIDEOS, TimeLimit, timed, videos_in_time

NAMES = [f"val_{index:04d}" for index in range(40)]


def limit(seconds, spent):
    return TimeLimit(seconds, time.perf_counter() - spent)


def test_the_time_begins_with_the_process():
    code = "import time; time.sleep(0.4); from yowo.commands.demo_time import TimeLimit; print(TimeLimit(60).spent())"
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    passed = time.perf_counter() - begin
    assert float(done.stdout) < passed + 0.05
    if sys.platform == "linux":
        assert float(done.stdout) > 0.4


def test_a_system_that_does_not_tell_counts_cpu_seconds(monkeypatch):
    monkeypatch.setattr(demo_time, "STARTED", 10_000)
    assert 0 < demo_time.process_age() <= time.process_time()


def test_training_leaves_time_for_tests_and_tests_leave_time_for_pictures():
    assert limit(480, spent=100).for_training() == pytest.approx(480 * 0.85 - 100, abs=1)
    assert limit(480, spent=430).for_tests() == pytest.approx(480 * 0.95 - 430, abs=1)


def test_a_spent_limit_leaves_little_and_no_limit_leaves_any():
    assert limit(10, spent=60).for_training() == LEAST_TRAINING
    assert limit(10, spent=60).for_tests() == 0
    assert limit(None, spent=60).for_training() is None and limit(None, spent=60).for_tests() is None


@pytest.mark.parametrize(("seconds", "expected"), [(None, 40), (1000, 40), (24.9, 12), (0, LEAST_VIDEOS)])
def test_as_many_videos_as_fit_but_one_of_each_action(seconds, expected):
    assert videos_in_time(NAMES, seconds, a_video=2.0) == NAMES[:expected]


def test_the_quicker_of_two_times_counts():
    pauses = iter([0.05, 0.0])
    assert timed(lambda: time.sleep(next(pauses))) < 0.04
