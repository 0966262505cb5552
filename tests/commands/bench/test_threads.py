import subprocess

import pytest

from yowo.commands.bench import threads
from yowo.commands.bench.threads import busy_processes, measured, run, settings
from yowo.errors import YowoError


def test_every_setting_is_measured_alone_and_beside_busy_processes(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(threads, "measured", lambda line, variables, busy: asked.append((variables, busy)) or 0.25)
    run(["--steps", "3", "--busy", "0", "2"])
    output = capsys.readouterr().out
    assert len(asked) == 2 * len(settings(1)) and {busy for _, busy in asked} == {0, 2}
    assert "beside 2 busy" in output and "OMP_WAIT_POLICY=PASSIVE" in output and "0.250" in output


def test_a_measurement_sees_only_the_variables_of_its_setting(monkeypatch):
    seen = {}

    class Done:
        returncode, stdout, stderr = 0, "0.125\n", ""

    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setattr(threads.subprocess, "run", lambda command, env, **_: seen.update(env) or Done)
    assert measured([], {"GOMP_SPINCOUNT": "5"}, busy=0) == 0.125
    assert seen["GOMP_SPINCOUNT"] == "5" and "OMP_NUM_THREADS" not in seen


def test_a_failed_measurement_is_told(monkeypatch):
    class Done:
        returncode, stdout, stderr = 1, "", "error: no memory"

    monkeypatch.setattr(threads.subprocess, "run", lambda *_, **__: Done)
    with pytest.raises(YowoError, match="a measurement failed: error: no memory"):
        measured([], {}, busy=0)


def test_busy_processes_end_with_the_measurement(monkeypatch):
    started = []
    start = subprocess.Popen
    monkeypatch.setattr(threads.subprocess, "Popen", lambda *a, **k: started.append(start(*a, **k)) or started[-1])
    with busy_processes(2):
        assert [process.poll() for process in started] == [None, None]
    assert all(process.poll() is not None for process in started)
