import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from omegaconf import OmegaConf

from yowo.commands import optuna_search
from yowo.commands.optuna_search import RESULTS, OptunaSearch, search_space
from yowo.errors import ConfigError
from yowo.reports.run_status import DONE, FAILED, PRUNED, ended, started, write_status

CONTEXT = SimpleNamespace(config_loader=None)
LR = {"optimizer.lr": "tag(log,interval(1e-5,1e-2))"}


def search(folder, launch, trials, jobs=1):
    """A search whose jobs are calls of `launch(folder, overrides)`, which returns a status."""
    made = OptunaSearch(
        trials, jobs, "maximize", None, "yowo",
        OmegaConf.create({"_target_": "optuna.samplers.RandomSampler", "seed": 0}),
        OmegaConf.create({"_target_": "optuna.pruners.NopPruner"}), LR,
    )  # fmt: skip

    def launched(overrides, initial_job_idx):
        for number, job in enumerate(overrides, initial_job_idx):
            status = launch(folder / str(number), job)
            if status is not None:
                write_status(folder / str(number), status)

    made.folder, made.context, made.jobs = folder, CONTEXT, SimpleNamespace(launch=launched)
    return made


def score(folder, job):
    return ended(started(), DONE, score=float(folder.name) / 10)


def study_of(folder):
    return optuna_search.open_study(f"sqlite:///{folder}/study.db", "yowo", None, None, None)


def test_the_highest_score_is_the_best_and_failed_trials_do_not_count(tmp_path):
    pytest.importorskip("optuna")
    ends = {"2": ended(started(), FAILED, "loss is nan"), "3": ended(started(), DONE, score=float("nan")),
            "4": ended(started(), PRUNED, "others"), "5": None}  # fmt: skip
    search(tmp_path, lambda f, job: ends.get(f.name, score(f, job)), 6, jobs=2).sweep(["seed=3"])
    found = yaml.safe_load((tmp_path / RESULTS).read_text())
    assert found["best_value"] == 0.1 and found["folder"] == str(tmp_path / "1")
    states = [trial.state.name for trial in study_of(tmp_path).trials]
    assert states == ["COMPLETE", "COMPLETE", "FAIL", "FAIL", "PRUNED", "FAIL"]
    assert json.loads((tmp_path / "1" / "trial.json").read_text())["study"] == "yowo"


def test_a_search_that_was_killed_goes_on_with_its_trial(tmp_path):
    pytest.importorskip("optuna")

    def killed(folder, job):
        if folder.name == "1":
            raise KeyboardInterrupt
        return score(folder, job)

    with pytest.raises(KeyboardInterrupt, match=r".*"):
        search(tmp_path, killed, 3).sweep([])
    seen = []
    search(tmp_path, lambda f, job: seen.append((f.name, job)) or score(f, job), 3).sweep([])
    assert [name for name, _ in seen] == ["1", "2"]
    assert ["resume=auto" in job for _, job in seen] == [True, False]
    assert all("hydra.sweep.subdir='" in job[-1] for _, job in seen)
    assert [trial.state.name for trial in study_of(tmp_path).trials] == ["COMPLETE"] * 3
    search(tmp_path, lambda f, job: pytest.fail("all trials are done"), 3).sweep([])


def test_values_of_hydras_grammar_become_distributions():
    pytest.importorskip("optuna")
    given = ["a=interval(1,8)", "b=tag(log,interval(1e-4,1.0))", "c=x,y", "d=range(2,9,3)", "e=7", "a=interval(1,4)"]
    spaces, fixed = search_space(given, CONTEXT)
    assert fixed == ["e=7"] and set(spaces) == {"a", "b", "c", "d"}
    assert (spaces["a"].low, spaces["a"].high, spaces["b"].log) == (1, 4, True)
    assert spaces["c"].choices == ("x", "y") and (spaces["d"].low, spaces["d"].high, spaces["d"].step) == (2, 8, 3)


def test_a_search_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="nothing to search"):
        search_space(["seed=1"], CONTEXT)
    assert Path(RESULTS).suffix == ".yaml"
