import pytest

from yowo.commands.study import open_study, write_trial
from yowo.commands.trial import trial_callbacks

PRUNER = {"_target_": "optuna.pruners.MedianPruner", "n_startup_trials": 1, "n_warmup_steps": 0}


def test_a_run_of_its_own_reports_nowhere(tmp_path):
    assert trial_callbacks(tmp_path) == []


def test_a_trial_reports_and_is_ended_below_the_median(tmp_path):
    pytest.importorskip("optuna")
    storage = f"sqlite:///{tmp_path}/study.db"
    study = open_study(storage, "yowo", "maximize", None, None)
    for value in (0.8, 0.9):
        trial = study.ask()
        trial.report(value, 1)
        study.tell(trial, value)
    trial = study.ask()
    write_trial(tmp_path, storage, "yowo", trial._trial_id, PRUNER)
    (callback,) = trial_callbacks(tmp_path)
    assert callback.report(0.1, 1) and not callback.report(0.95, 2)
    assert study.trials[-1].intermediate_values == {1: 0.1, 2: 0.95}
    study.tell(trial, 0.1)
    assert not callback.report(0.0, 3)  # it is trained on after its search


def test_the_other_processes_only_hear_the_decision(tmp_path, monkeypatch):
    write_trial(tmp_path, "sqlite:///nowhere.db", "yowo", 0, PRUNER)
    monkeypatch.setenv("RANK", "1")
    (callback,) = trial_callbacks(tmp_path)
    assert callback.report(0.1, 1) is False
