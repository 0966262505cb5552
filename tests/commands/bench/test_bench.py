import pytest

from yowo.commands.bench import run
from yowo.errors import ConfigError


def test_subjects_are_listed(capsys):
    run([])
    assert "yowo bench score" in capsys.readouterr().out


def test_an_unknown_subject_is_named():
    with pytest.raises(ConfigError, match=r"yowo bench flight: there is no such command; choose one of .*score"):
        run(["flight"])
