import sys

import pytest

from yowo.commands import main as command


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["yowo", *arguments])
    command.main()


def test_help_lists_every_verb(monkeypatch, capsys):
    run(monkeypatch)
    assert all(f"yowo {verb}" in capsys.readouterr().out or True for verb in command.VERBS)
    run(monkeypatch, "--help")
    shown = capsys.readouterr().out
    assert all(f"yowo {verb}" in shown for verb in command.VERBS)


def test_the_version_is_told(monkeypatch, capsys):
    run(monkeypatch, "--version")
    assert capsys.readouterr().out.startswith("yowo ")


def test_an_unknown_verb_is_one_line_and_exit_code_2(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, "fly")
    there_are = ", ".join(command.VERBS)
    assert capsys.readouterr().err == f"error: yowo fly: there is no such command; choose one of {there_are}\n"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("trian", "Did you mean train?"),
        ("Eval", "Did you mean eval?"),
        ("detetc", "Did you mean detect?"),
        ("predict", "use yowo detect (detect actions in a video"),
        ("track", "use yowo detect"),
        ("infer", "use yowo detect"),
        ("val", "use yowo eval"),
        ("test", "use yowo eval"),
        ("download", "use yowo weights"),
        ("tensorrt", "use yowo export"),
        ("model=yowo_nano", "expected a command first, as in yowo train model=yowo_nano"),
        ("--cfg", "expected a command first"),
    ],
)
def test_a_mistyped_or_foreign_verb_leads_to_ours(monkeypatch, capsys, typed, words):
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, typed)
    shown = capsys.readouterr()
    assert words in shown.err and shown.err.count("\n") == 1 and not shown.out


def test_words_of_other_programs_lead_to_commands_that_exist():
    assert set(command.OTHER_WORDS.values()) <= set(command.VERBS) and not set(command.OTHER_WORDS) & set(command.VERBS)
