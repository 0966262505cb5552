import multiprocessing
import os
import signal
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.film_cases import film
from yowo.storage.film_copy import unfinished_path
from yowo.storage.plan import Job
from yowo.storage.pool import Advance, Failed, Finished, copy_all
from yowo.storage.transcoder import Recipe

RECIPE = Recipe(preset="ultrafast")


def job(source: Path, folder: Path) -> Job:
    folder.mkdir(exist_ok=True)
    facts = source.stat()
    name = f"{source.stem}.mp4"
    return Job(name, source, folder / name, source.name, facts.st_size, facts.st_mtime_ns)


def ends(jobs, workers=1):
    """What became of each job, by name."""
    return {e.job.name: e for e in copy_all(jobs, RECIPE, workers, 1) if not isinstance(e, Advance)}


def test_each_job_ends_finished_or_failed_and_says_why(tmp_path):
    (tmp_path / "text.avi").write_text("no film")
    (tmp_path / "empty.mp4").write_bytes(b"")
    sources = [tmp_path / "text.avi", film(tmp_path / "a.avi", 9), tmp_path / "empty.mp4", film(tmp_path / "b.mkv", 7)]
    found = ends([job(source, tmp_path / "out") for source in sources], workers=2)
    assert {name: type(end) for name, end in found.items()} == {
        "text.mp4": Failed,
        "a.mp4": Finished,
        "empty.mp4": Failed,
        "b.mp4": Finished,
    }
    assert (found["a.mp4"].copy.num_frames, found["b.mp4"].copy.num_frames) == (9, 7)
    for name in ("text.mp4", "empty.mp4"):
        reason = found[name].reason
        assert str(found[name].job.source) in reason and "\n" not in reason and not found[name].for_all
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.mp4", "b.mp4"]


def test_progress_is_reported(tmp_path):
    events = list(copy_all([job(film(tmp_path / "a.mp4", 30), tmp_path / "out")], RECIPE, 1, 1))
    assert all(isinstance(event, Advance) and event.total == 30 for event in events[:-1]) and len(events) > 1
    assert isinstance(events[-1], Finished)


def test_an_unwritable_target_is_a_failure_for_all_videos(tmp_path):
    task = job(film(tmp_path / "a.mp4", 3), tmp_path / "out")
    (tmp_path / "out").rmdir()
    end = ends([task])["a.mp4"]
    assert isinstance(end, Failed) and end.for_all and "cannot be written" in end.reason


@pytest.fixture
def stuck(tmp_path):
    """A file that a reader waits for, for ever."""
    os.mkfifo(tmp_path / "stuck.mp4")
    return tmp_path / "stuck.mp4"


def test_a_worker_that_dies_names_its_video_and_the_others_go_on(tmp_path, stuck):
    tasks = [job(stuck, tmp_path / "out"), job(film(tmp_path / "a.mp4", 9), tmp_path / "out")]

    def kill():
        (process,) = multiprocessing.active_children()
        unfinished_path(tasks[0].target, process.pid).write_text("half")
        os.kill(process.pid, signal.SIGKILL)

    timer = threading.Timer(0.5, kill)
    timer.start()
    found = ends(tasks)
    timer.join()
    assert isinstance(found["stuck.mp4"], Failed) and not found["stuck.mp4"].for_all
    assert found["stuck.mp4"].reason == f"{stuck}: the decoder crashed on this file (exit code -9); repair or remove it"
    assert isinstance(found["a.mp4"], Finished)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.mp4"]
    assert multiprocessing.active_children() == []


def test_leaving_early_ends_the_processes_and_leaves_nothing_unfinished(tmp_path):
    tasks = [job(film(tmp_path / f"{name}.mp4", 60, (320, 240)), tmp_path / "out") for name in "ab"]
    with closing(copy_all(tasks, Recipe(preset="veryslow"), 2, 1)) as events:
        assert isinstance(next(events), Advance)
        assert len(multiprocessing.active_children()) == 2
    assert multiprocessing.active_children() == []
    assert list((tmp_path / "out").iterdir()) == []
