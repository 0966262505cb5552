import signal

import pytest

from yowo.commands import interruption
from yowo.commands.job_record import one_line, recorded
from yowo.errors import PrunedError, YowoError
from yowo.reports.run_status import DONE, FAILED, INTERRUPTED, PRUNED, RUNNING, STATUS, read_status


def test_a_run_is_running_and_then_done_with_its_score(tmp_path):
    with recorded(tmp_path) as outcome:
        assert read_status(tmp_path).state == RUNNING
        outcome.score = 0.5
    assert read_status(tmp_path).state == DONE and read_status(tmp_path).score == 0.5


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (YowoError("no such folder"), FAILED, "no such folder"),
        (ZeroDivisionError("by zero"), FAILED, "ZeroDivisionError: by zero"),
        (MemoryError(), FAILED, "MemoryError"),
        (PrunedError("others were better"), PRUNED, "others were better"),
        (SystemExit(3), FAILED, "ended with exit code 3"),
        (KeyboardInterrupt(), INTERRUPTED, "by SIGINT"),
    ],
)
def test_what_ends_a_run_is_recorded_and_raised(error, state, reason, tmp_path):
    with pytest.raises(type(error), match=r".*"), recorded(tmp_path):
        raise error
    assert (read_status(tmp_path).state, read_status(tmp_path).reason) == (state, reason)


def test_a_signal_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(interruption._state, "signal", int(signal.SIGTERM))
    with pytest.raises(interruption.Interrupted, match=r".*"), recorded(tmp_path):
        raise interruption.Interrupted
    assert (read_status(tmp_path).state, read_status(tmp_path).reason) == (INTERRUPTED, "by SIGTERM")


def test_the_other_processes_of_a_run_write_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    with recorded(tmp_path):
        pass
    assert not (tmp_path / STATUS).exists()


def test_a_reason_is_one_line():
    assert one_line(ValueError("a\n  b")) == "ValueError: a b"
