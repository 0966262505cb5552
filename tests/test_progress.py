import logging
import time

import pytest

from yowo import progress
from yowo.progress import Lines, duration, on_terminal, track, working


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves on."""
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records]


def test_without_a_terminal_there_is_a_line_at_the_start_now_and_then_and_at_the_end(clock, lines):
    for _ in track(range(3840), "detecting"):
        clock[0] += 1 / 64
    assert lines() == [
        "detecting: 3,840 frames",
        "detecting: 640 of 3,840 frames (16 %), 50 s left",
        "detecting: 2,560 of 3,840 frames (66 %), 20 s left",
        "detecting: 3,840 frames done in 1 min 0 s",
    ]


def test_an_unknown_length_is_counted(clock, lines):
    for _ in track(iter(range(4)), "reading", unit="files"):
        clock[0] += 6
    assert lines() == ["reading", "reading: 2 files in 12 s", "reading: 4 files done in 24 s"]


def test_a_quick_part_of_a_command_is_not_told_and_a_slow_one_is(clock, lines):
    assert list(track([1, 2], "probing videos", part=True)) == [1, 2] and not lines()
    for _ in track([1, 2], "probing videos", unit="videos", part=True):
        clock[0] += 40
    assert lines() == ["probing videos: 1 of 2 videos (50 %), 40 s left", "probing videos: 2 of 2 videos (100 %), 0 s left", "probing videos: 2 videos done in 1 min 20 s"]  # fmt: skip


def test_nothing_done_yet_is_no_time_left(clock, lines):
    told = Lines("preparing", 10, "MB")
    clock[0] = 11
    told.advance(0)
    assert lines()[-1] == "preparing: 0 of 10 MB (0 %)"


def test_work_of_unknown_length_is_told_until_it_ends(monkeypatch, lines):
    monkeypatch.setattr(progress, "FIRST", 0.01)
    monkeypatch.setattr(progress, "EVERY", 0.01)
    with pytest.raises(ValueError, match="broken"), working("scoring det.npz"):
        time.sleep(0.2)
        raise ValueError("broken")
    told = lines()
    assert told[0] == "scoring det.npz" and told[1].startswith("scoring det.npz: 0 s so far")
    time.sleep(0.05)
    assert lines() == told


def test_a_dumb_terminal_gets_lines_and_a_terminal_a_bar(monkeypatch, capsys, lines):
    monkeypatch.setenv("FORCE_COLOR", "1")  # Rich then takes stdout for a terminal
    monkeypatch.setenv("TERM", "dumb")
    assert not on_terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("TTY_INTERACTIVE", "1")
    assert on_terminal()
    assert list(track([1, 2], "detecting")) == [1, 2]
    assert not lines() and "detecting" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min")]
)
def test_times_are_words(seconds, words):
    assert duration(seconds) == words


def test_what_is_said_beside_changes_from_line_to_line(caplog, monkeypatch):
    monkeypatch.setattr(progress, "FIRST", 0.0)
    monkeypatch.setattr(progress, "EVERY", 0.0)
    caplog.set_level(logging.INFO)
    said = iter(["10 FPS", "20 FPS"])
    assert list(progress.track("ab", "detecting", more=lambda: next(said))) == ["a", "b"]
    lines = [record.getMessage() for record in caplog.records]
    assert lines[1].startswith("detecting: 1 of 2 frames (50 %)") and lines[1].endswith(", 10 FPS")
    assert lines[2].endswith(", 20 FPS")
