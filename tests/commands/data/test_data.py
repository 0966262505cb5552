import pytest

from yowo.commands.data import SUBJECTS, run
from yowo.errors import ConfigError


def test_the_actions_are_listed_with_the_page_that_explains_them(capsys):
    run([])
    shown = capsys.readouterr().out
    assert all(f"yowo data {action}" in shown for action in SUBJECTS) and "docs/your-own-videos.md" in shown


@pytest.mark.parametrize("action", SUBJECTS)
def test_every_action_explains_itself(action, capsys):
    with pytest.raises(SystemExit, match="0"):
        run([action, "--help"])
    assert f"yowo data {action}" in capsys.readouterr().out


def test_an_action_that_is_not_there_is_an_error():
    with pytest.raises(ConfigError, match="yowo data improt: there is no such command; choose one of import, check"):
        run(["improt"])
