import logging

import pytest
from omegaconf import OmegaConf

from yowo.commands.archive import videos
from yowo.commands.archive.one_video import BEFORE, BUSY, DONE, FAILED, Outcome
from yowo.commands.archive.videos import Count, detect_videos, worked_on
from yowo.errors import YowoError
from yowo.video.source_names import Source, SourceKind

SOURCES = [Source(SourceKind.FILE, f"{name}.mp4", name) for name in "abc"]


def engine(*rounds):
    """Ends each video in the states of the rounds, one after the other."""
    left, seen = list(rounds), []

    def work(sources):
        seen.append([source.name for source in sources])
        states = left.pop(0) if len(left) > 1 else left[0]
        return [Outcome(source.name, states[source.name]) for source in sources]

    return work, seen


def test_videos_of_other_processes_are_looked_at_again_in_the_end(monkeypatch):
    monkeypatch.setattr(videos, "sleep", lambda seconds: None)
    work, seen = engine({"a": DONE, "b": BUSY, "c": BUSY}, {"b": BEFORE, "c": BUSY}, {"c": DONE})
    assert [tuple(end)[:2] for end in worked_on(work, SOURCES)] == [("a", DONE), ("b", BEFORE), ("c", DONE)]
    assert seen == [["a", "b", "c"], ["b", "c"], ["c"]]


def test_a_process_that_keeps_its_video_is_waited_for_no_longer_than_patience(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(videos, "sleep", lambda seconds: clock.append(clock[-1] + seconds))
    monkeypatch.setattr(videos, "monotonic", lambda: clock[-1])
    work, seen = engine({"a": DONE, "b": DONE, "c": BUSY})
    assert list(worked_on(work, SOURCES, patience=3))[-1] == Outcome("c", BUSY)
    assert len(seen) == 4 and list(worked_on(work, [])) == []


def test_the_end_counts_everything_and_names_what_failed(caplog, tmp_path):
    caplog.set_level(logging.INFO)
    count = Count(5)
    for name, state in zip("abcd", (DONE, BEFORE, FAILED, DONE), strict=True):
        count.add(Outcome(name, state, f"words of {name}"))
    assert count.words() == "2 done, 1 finished before, 1 failed, 1 not begun"
    assert "1 of 5: a: words of a" in caplog.text and "3 of 5: c failed: words of c" in caplog.text
    assert "words of b" not in caplog.text
    with pytest.raises(
        YowoError, match=r"^1 of 5 videos failed: c; the reasons are above and in out/\.\.\._failed\.txt"
    ):
        count.end("out")


def test_what_others_still_work_on_is_no_success():
    count = Count(1)
    count.add(Outcome("a", BUSY))
    with pytest.raises(
        YowoError, match=r"^1 of 1 videos are in the hands of another process: a; when it has ended, the"
    ):
        count.end("out")


def test_many_failures_are_counted_and_the_first_named():
    count = Count(30)
    for number in range(30):
        count.add(Outcome(f"v{number}", FAILED))
    with pytest.raises(YowoError, match=r"^30 of 30 videos failed: v0, .*, v19 and 10 more; the reasons"):
        count.end("out")


def test_strange_failures_in_a_row_end_the_work_and_those_of_videos_do_not():
    count = Count(9)
    for name, state, expected in (("a", FAILED, False), ("b", FAILED, False), ("c", DONE, True), ("d", FAILED, False)):
        count.add(Outcome(name, state, "CUDA error", expected))
    count.add(Outcome("e", FAILED, "CUDA error", False))
    with pytest.raises(YowoError, match=r"^3 videos in a row failed, the last with: CUDA error$"):
        count.add(Outcome("f", FAILED, "CUDA error", False))


def test_a_second_start_loads_no_network_where_everything_is_finished(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    done = []
    monkeypatch.setattr(videos, "record_run", lambda config: None)
    monkeypatch.setattr(
        videos, "_engine", lambda *_: lambda these: map(lambda s: done.append(s) or Outcome(s.name, DONE), these)
    )
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / name).touch()
    (tmp_path / "list.txt").write_text("# all\na.mp4\n\nb.mp4\nc.mp4\n")
    values = {"source": str(tmp_path / "list.txt"), "shard": "1/2", "output": str(tmp_path / "out"), "engine": "local"}
    detect_videos(OmegaConf.create({**values, "checkpoint": None}))
    assert [source.name for source in done] == ["b"]
    assert "1 of 3 videos (shard 1/2)" in caplog.text and "1 done in " in caplog.text
