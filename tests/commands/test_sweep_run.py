import math

import pytest
from omegaconf import OmegaConf

from yowo.commands.hydra_app import run_hydra
from yowo.commands.sweep_run import jobs_at_once, statuses
from yowo.errors import YowoError
from yowo.reports.run_status import DONE, FAILED, read_status


def task(config):
    """Fails for all seeds but 0."""
    if config.seed == 1:
        raise YowoError("dataset.root=x: there is no such folder")
    if config.seed == 2:
        raise ZeroDivisionError("by zero")
    return 0.5


def swept(folder, *overrides):
    run_hydra("train", task, ["-m", *overrides, f"hydra.sweep.dir='{folder}'"], lambda config: None)


def test_a_job_that_fails_is_recorded_and_the_others_run(tmp_path, capsys):
    with pytest.raises(SystemExit, match=r"^1$"):
        swept(tmp_path / "a b", "seed=1,2,0")
    found = [read_status(tmp_path / "a b" / str(number)) for number in range(3)]
    assert [status.state for status in found] == [FAILED, FAILED, DONE] and found[2].score == 0.5
    assert found[0].reason == "dataset.root=x: there is no such folder"
    assert found[1].reason == "ZeroDivisionError: by zero"
    assert "Traceback" in (tmp_path / "a b" / "1" / "train.log").read_text()
    assert f"error: {tmp_path}/a b/0: failed: dataset.root=x: there is no such folder" in capsys.readouterr().err
    assert list(statuses(tmp_path)) == [tmp_path / "a b" / str(number) for number in range(3)]


def test_cores_are_shared_by_the_jobs_of_a_launcher(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert [jobs_at_once(OmegaConf.create({"n_jobs": n})) for n in (3, -1, -2)] == [3, 8, 7]
    assert jobs_at_once(OmegaConf.create({})) == 1


@pytest.mark.long
@pytest.mark.parametrize("launcher", ["joblib", "submitit_local", "ray"])
def test_a_killed_job_does_not_end_the_others(launcher, tmp_path, capfd):
    """Each job is a process that fails at once: its data are not there, or the system kills it."""
    package = {"joblib": "hydra_plugins.hydra_joblib_launcher", "submitit_local": "submitit", "ray": "ray"}[launcher]
    pytest.importorskip(package)
    with pytest.raises(SystemExit, match=r"^1$"):
        swept(tmp_path, "seed=0,1", "dataset=ucf24", "dataset.root=gone", f"hydra/launcher={launcher}")
    found = statuses(tmp_path)
    assert [status.state for status in found.values()] == [FAILED, FAILED]
    assert all("gone" in status.reason for status in found.values()) and not any(
        math.isfinite(status.score or math.nan) for status in found.values()
    )
