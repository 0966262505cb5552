import sys
from pathlib import Path

import pytest
from hydra._internal.hydra import Hydra
from hydra.core.hydra_config import HydraConfig

from yowo.commands.hydra_app import MAX_CHECKED, is_sweep, jobs, run_hydra
from yowo.errors import ConfigError


def test_one_job_without_a_sweep():
    assert jobs(["a=1", "--cfg", "b.c=x"]) == [["a=1", "b.c=x"]]


def test_a_sweep_is_every_combination():
    assert jobs(["-m", "a=1,2", "b=x,y", "c=3"]) == [
        ["a=1", "b=x", "c=3"], ["a=1", "b=y", "c=3"], ["a=2", "b=x", "c=3"], ["a=2", "b=y", "c=3"],
    ]  # fmt: skip


def test_a_large_sweep_is_checked_in_part():
    assert len(jobs(["-m", "a=range(0,100)", "b=range(0,100)"])) == MAX_CHECKED


def test_several_values_without_m_are_explained():
    with pytest.raises(ConfigError, match=r"a=1,2: several values need -m, as in yowo train -m a=1,2"):
        jobs(["a=1,2"])


def test_what_is_no_override_is_named():
    with pytest.raises(ConfigError, match=r"expected an override key=value"):
        jobs(["a=[1"])


def test_a_plain_run_is_composed_once_and_what_was_checked_is_what_runs(tmp_path, monkeypatch):
    composed, checked, ran = [], [], []
    compose = Hydra.compose_config
    monkeypatch.setattr(Hydra, "compose_config", lambda *args, **more: composed.append(1) or compose(*args, **more))
    monkeypatch.setattr(sys, "argv", ["yowo", "train"])

    def task(config):
        ran.append(config)
        assert Path(HydraConfig.get().runtime.output_dir) == tmp_path / "run" and sys.argv == ["yowo", "train"]

    run_hydra("train", task, ["seed=3", f"hydra.run.dir={tmp_path}/run"], checked.append)
    assert len(composed) == len(checked) == len(ran) == 1
    assert ran[0].seed == checked[0].seed == 3 and "hydra" not in ran[0]
    kept = tmp_path / "run" / ".hydra"
    assert {path.name for path in kept.iterdir()} == {"config.yaml", "hydra.yaml", "overrides.yaml"}
    assert "seed=3" in (kept / "overrides.yaml").read_text() and (tmp_path / "run" / "train.log").is_file()


def test_an_error_of_the_task_is_not_swallowed(tmp_path):
    def task(config):
        raise ZeroDivisionError("in the task")

    with pytest.raises(ZeroDivisionError, match="in the task"):
        run_hydra("train", task, [f"hydra.run.dir={tmp_path}/run"], lambda config: None)


def test_a_failed_check_leaves_no_folder(tmp_path):
    def check(config):
        raise ConfigError("seed: not today")

    with pytest.raises(ConfigError, match="seed: not today"):
        run_hydra("train", lambda config: None, [f"hydra.run.dir={tmp_path}/run"], check)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("arguments", [["-m", "seed=1,2"], ["--multirun"], ["sweep=ablation"], ["hydra.mode=MULTIRUN"]])
def test_what_asks_for_several_jobs_is_a_sweep(arguments):
    assert is_sweep(arguments) and not is_sweep(["seed=1", "model=yowo_nano"])
