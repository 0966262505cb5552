import sys
from types import SimpleNamespace

import pytest

from yowo.commands import wandb_end
from yowo.commands.wandb_end import ends_wandb_run


class Run:
    name = "r"

    def __init__(self):
        self.said = []

    def alert(self, title, text, level):
        self.said.append((title, text, level))

    def finish(self, exit_code):
        self.said.append(exit_code)


@pytest.fixture
def run(monkeypatch):
    run = Run()
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(run=run))
    return run


def test_a_job_that_succeeds_ends_its_run(run):
    with ends_wandb_run():
        assert not run.said
    assert run.said == [0]


def test_a_job_that_fails_is_marked_and_announced(run):
    with pytest.raises(ValueError, match="a loss"), ends_wandb_run():
        raise ValueError("a loss\nis NaN")
    assert run.said == [("training failed", "r: ValueError: a loss is NaN", "ERROR"), 1]


@pytest.mark.parametrize(("signal", "code"), [(143, 143), (None, 130)])
def test_an_interrupted_job_has_the_exit_code_of_its_signal(run, monkeypatch, signal, code):
    monkeypatch.setattr(wandb_end, "exit_code", lambda: signal)
    with pytest.raises(KeyboardInterrupt, match=r"\^C"), ends_wandb_run():
        raise KeyboardInterrupt("^C")
    assert run.said == [("training was interrupted", f"r: exit code {code}", "WARN"), code]


def test_a_failure_of_wandb_does_not_hide_the_error_of_the_job(run, monkeypatch):
    monkeypatch.setattr(Run, "finish", lambda *_, **__: 1 / 0)
    with pytest.raises(ValueError, match="the real one"), ends_wandb_run():
        raise ValueError("the real one")


def test_without_a_run_nothing_is_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "wandb", raising=False)
    with ends_wandb_run():
        pass
    assert "wandb" not in sys.modules
