import pytest

from yowo.commands.hydra_app import MAX_CHECKED, jobs
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
