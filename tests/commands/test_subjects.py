import pytest

from yowo.commands.subjects import Subject, run_subject
from yowo.errors import ConfigError

SUBJECTS = {"ship": Subject("tests.commands.test_subjects", "sails"), "boat": Subject("nowhere", "rows")}
seen = []


def run(arguments):
    """What `run_subject` finds in this module."""
    seen.append(list(arguments))


def test_the_rest_of_the_line_goes_to_the_subjects_module():
    seen.clear()
    run_subject("yowo sea", "vessels", SUBJECTS, ["ship", "--fast", "3"])
    assert seen == [["--fast", "3"]]


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_without_a_subject_all_are_shown(arguments, capsys):
    run_subject("yowo sea", "vessels", SUBJECTS, arguments)
    shown = capsys.readouterr().out
    assert "vessels" in shown and "yowo sea ship" in shown and "rows" in shown


def test_an_unknown_subject_is_named_with_those_there_are():
    with pytest.raises(ConfigError, match="yowo sea plane: there is no such command; choose one of ship, boat"):
        run_subject("yowo sea", "vessels", SUBJECTS, ["plane"])
