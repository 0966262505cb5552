import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from yowo.commands import sweep_job
from yowo.commands.sweep_job import (
    OUTPUT,
    STOP,
    SweepJob,
    command_of_job,
    environment,
    how_it_ended,
    in_words,
    run_process,
    start_of_command,
)
from yowo.errors import PrunedError, YowoError
from yowo.process_life import is_alive
from yowo.reports.run_status import (
    DONE,
    FAILED,
    INTERRUPTED,
    PRUNED,
    ended,
    read_status,
    started,
    write_status,
)


@pytest.fixture(autouse=True)
def ctrl_c():
    """The handler of Ctrl-C, which workers set aside."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def ran(tmp_path, code):
    words = [sys.executable, "-c", code]
    return run_process(words, tmp_path / "0", tmp_path, "job 0", cwd=str(tmp_path))


def test_a_job_gets_the_overrides_and_not_those_of_the_sweep():
    words = command_of_job(
        ["yowo", "train"],
        ["--config-dir=conf"],
        ["seed=1", "sweep=parallel"],
        ["hydra.mode=MULTIRUN", "hydra.sweep.dir=x", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2",
         "hydra.sweep.subdir=a", "hydra.searchpath=[file://a]", "hydra.sweeper.n_trials=3", "hydra.run.dir=y"],
        "runs/a b/0",
    )  # fmt: skip
    assert words == [
        "yowo", "train", "--config-dir=conf", "seed=1", "sweep=parallel", "hydra.searchpath=[file://a]",
        "hydra.mode=RUN", 'hydra.run.dir="runs/a b/0"',
    ]  # fmt: skip


def test_a_job_starts_as_the_command_was_started(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "__main__.py")])
    assert start_of_command("train") == [sys.executable, "-m", "yowo", "train"]
    (tmp_path / "yowo").touch()
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "yowo")])
    assert start_of_command("train") == [sys.executable, str(tmp_path / "yowo"), "train"]


def test_jobs_share_the_cores_unless_the_user_chose():
    given = {"OMP_NUM_THREADS": "8", "MKL_NUM_THREADS": "4", "A": "b"}
    assert environment(given, "s", 3).items() >= {"A": "b", "YOWO_PARALLEL_JOBS": "3", "YOWO_SWEEP": "s"}.items()
    assert "OMP_NUM_THREADS" not in environment(given, "s", 3) and "MKL_NUM_THREADS" not in environment(given, "s", 3)
    assert environment(given, "s", None, "5").items() >= {**given, "CUDA_VISIBLE_DEVICES": "5"}.items()


def test_workers_do_not_get_the_task():
    job = SweepJob(print, ["yowo", "train"])
    assert job.__getstate__()["task"] is None and job.task is print
    assert SweepJob(None, [], jobs=3, threads_chosen=True).sharing is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL; most often memory was short"),
        ("print('error: no data'); print('at the end'); raise SystemExit(2)", "no data"),
        ("raise ZeroDivisionError('by zero')", "ZeroDivisionError: by zero"),
        ("raise SystemExit(3)", "ended with exit code 3"),
    ],
)
def test_a_process_that_could_not_say_why_it_failed(code, reason, tmp_path, capsys):
    status = ran(tmp_path, code)
    assert (status.state, status.reason) == (FAILED, reason) and read_status(tmp_path / "0") == status
    assert capsys.readouterr().out == f"job 0: begins\njob 0: failed: {reason}\n"


@pytest.mark.parametrize("state", [DONE, PRUNED, INTERRUPTED, FAILED])
def test_what_a_process_said_itself_counts(state, tmp_path):
    said = ended(started(), state, "why", 0.5)
    write_status(tmp_path, said)
    assert how_it_ended(tmp_path, 1, {DONE: 0, PRUNED: 0, INTERRUPTED: 143}.get(state, 2)) == said


def test_a_process_that_crashed_after_its_end_has_failed(tmp_path):
    write_status(tmp_path, ended(started(), DONE, score=0.5))
    assert how_it_ended(tmp_path, 1, -11).reason == "killed by SIGSEGV"


def test_a_process_is_asked_to_end_when_the_sweep_stops(tmp_path):
    code = "import signal, sys, time; signal.signal(15, lambda *a: sys.exit('saved')); print('x', flush=True); time.sleep(60)"

    def stop():
        while not (tmp_path / "0" / OUTPUT).is_file() or not (tmp_path / "0" / OUTPUT).read_text():
            time.sleep(0.02)
        (tmp_path / STOP).touch()

    threading.Thread(target=stop).start()
    begin = time.monotonic()
    assert ran(tmp_path, code).reason == "saved" and time.monotonic() - begin < 50


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (PrunedError("others were better"), PRUNED, "others were better"),
        (SystemExit(3), FAILED, "ended with exit code 3"),
        (YowoError("no data"), FAILED, "no data"),
    ],
)
def test_a_job_in_this_process_does_not_end_the_sweep(error, state, reason, tmp_path, monkeypatch):
    monkeypatch.setattr(sweep_job, "complete", lambda config: None)

    def task(config):
        raise error

    assert math.isnan(sweep_job._run_here(task, OmegaConf.create(), tmp_path))
    assert (read_status(tmp_path).state, read_status(tmp_path).reason) == (state, reason)
    assert sweep_job._run_here(lambda config: 0.5, OmegaConf.create(), tmp_path) == read_status(tmp_path).score == 0.5


def test_states_in_words():
    assert in_words(ended(started(), DONE, score=0.123456)) == "done, 0.1235"
    assert in_words(ended(started(), DONE)) == "done"
    assert in_words(ended(started(), FAILED, "no data")) == "failed: no data"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells a process that its parent is gone")
def test_a_job_ends_with_the_worker_that_started_it(tmp_path):
    child = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    worker = (
        "import sys; from pathlib import Path; from yowo.commands.sweep_job import run_process\n"
        f"run_process([sys.executable, '-c', {child!r}], Path('0'), Path('.'), 'job', cwd='.')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", worker], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path.cwd())}
    )
    while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():
        time.sleep(0.02)
        assert process.poll() is None
    process.kill()
    process.wait()
    number = int((tmp_path / "pid").read_text())
    for _ in range(500):
        if not is_alive(number):
            return
        time.sleep(0.02)
    pytest.fail("the job goes on alone")
