import pytest
import torch
from omegaconf import OmegaConf

from yowo.commands import recovery
from yowo.commands.recovery import LIMIT, with_recoveries
from yowo.training.guarding.nonfinite import NonFiniteError


def failing(times, calls, steps=3, recover=True, folder=None):
    """Fails so many times, and notes what each attempt was given; the second one leaves a checkpoint."""

    def attempt(config, rate, recoveries):
        calls.append((config.resume, rate, recoveries))
        if len(calls) == 2 and folder is not None:
            torch.save({}, folder / "last.ckpt")
        if len(calls) <= times:
            raise NonFiniteError("the loss is not finite", recover, steps, rate, recoveries)
        return "trained"

    return attempt


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(recovery.gc, "collect", lambda: 0)


def config(resume=None):
    return OmegaConf.create({"resume": resume})


def test_each_recovery_halves_the_rate_and_begins_at_the_last_checkpoint(tmp_path, caplog):
    calls = []
    assert with_recoveries(failing(2, calls, folder=tmp_path), config(), tmp_path) == "trained"
    last = str(tmp_path / "last.ckpt")
    assert calls == [(None, 1.0, 0), (None, 0.5, 1), (last, 0.25, 2)]
    assert "the run goes back to the beginning, with 0.5 times" in caplog.text
    assert f"the run goes back to {last}, with 0.25 times" in caplog.text


def test_the_beginning_of_a_resumed_run_is_its_checkpoint(tmp_path):
    calls = []
    with_recoveries(failing(1, calls), config("other.ckpt"), tmp_path)
    assert [resume for resume, *_ in calls] == ["other.ckpt", "other.ckpt"]


def test_a_run_that_is_to_stop_stops(tmp_path):
    with pytest.raises(NonFiniteError, match=r"^the loss is not finite$"):
        with_recoveries(failing(1, [], recover=False), config(), tmp_path)


def test_recoveries_have_a_limit(tmp_path):
    calls = []
    with pytest.raises(NonFiniteError, match=f"the run has gone back {LIMIT} times already"):
        with_recoveries(failing(99, calls), config(), tmp_path)
    assert len(calls) == LIMIT + 1


def test_a_checkpoint_that_fails_at_its_first_step_is_not_tried_again(tmp_path):
    calls = []
    torch.save({}, tmp_path / "last.ckpt")
    with pytest.raises(NonFiniteError, match=r"it is the first step after .*last\.ckpt: resume from an earlier one"):
        with_recoveries(failing(99, calls, steps=0), config(), tmp_path)
    assert len(calls) == 2
