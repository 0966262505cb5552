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
