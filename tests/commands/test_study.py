import json
import sys

import pytest

from yowo.commands.study import TRIAL, open_study, optuna, write_trial
from yowo.errors import ConfigError


def test_without_optuna_the_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match="Optuna is not installed; run pip install optuna"):
        optuna()


def test_a_job_finds_which_trial_it_is(tmp_path):
    write_trial(tmp_path / "0", "sqlite:///a.db", "yowo", 3, {"_target_": "x"})
    assert json.loads((tmp_path / "0" / TRIAL).read_text())["trial"] == 3


@pytest.mark.parametrize("storage", ["journal:{}/study.log", "sqlite:///{}/study.db"])
def test_a_study_is_opened_again(storage, tmp_path):
    pytest.importorskip("optuna")
    where = storage.format(tmp_path)
    study = open_study(where, "a", "maximize", None, None)
    study.tell(study.ask(), 0.5)
    assert open_study(where, "a", None, None, None).best_value == 0.5
    with pytest.raises(ConfigError, match="the study b cannot be opened"):
        open_study(where, "b", None, None, None)
