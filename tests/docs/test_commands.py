"""Every command of the documentation is one that the program understands."""

import argparse
import re
from importlib import import_module
from importlib.util import find_spec

import pytest

from tests.conftest import ROOT
from tests.docs.own_files import write_own_files
from tests.docs.pages import PAGES, commands, words
from tests.make_data import project
from yowo.commands import sweeps
from yowo.commands.command_line import read_command_line
from yowo.commands.entry.train import RERUN
from yowo.commands.hydra_app import jobs
from yowo.commands.info import exported_file
from yowo.commands.main import VERBS
from yowo.config.checkpoint import portable, register_parts
from yowo.config.compose import compose_config
from yowo.errors import ConfigError

LINES = [(place, line) for line, place in {line: place for page in PAGES for place, line in commands(page)}.items()]
"""Each command once, with the last place where it stands."""
OTHER_PROGRAMS = {"git", "pip", "pre-commit", "source", "twine", "wandb"}
COMPOSED = {"train", "eval", "detect", "export", "demo", "info"}
"""Verbs that take overrides; the others have a parser."""
OF_OWN_FILES = "--config-dir"
"""A flag of commands that name files of docs/own-configurations.md."""
REMEMBERED = ["model=yowo_tiny", "dataset=motion"]
"""What the checkpoints that the documentation names were trained with, as far as these tests need it."""


@pytest.fixture(scope="module", autouse=True)
def _remembered():
    """Offer to eval and detect what the checkpoint of a run remembers."""
    register_parts(portable(compose_config("train", REMEMBERED)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project folder in the place of any data set's."""
    return project(tmp_path_factory.mktemp("docs"))


def check_composed(verb: str, arguments: list[str]) -> None:
    if verb == "train" and arguments[:1] == [RERUN]:
        arguments = arguments[2:]
    if read_command_line(verb, arguments).shows or (verb == "info" and exported_file(arguments)):
        return
    jobs(verb, arguments, "train" if verb == "info" else verb)


def parser_of(verb: str, arguments: list[str]) -> tuple[argparse.ArgumentParser | None, list[str]]:
    """Return the parser that a command line meets, None where it takes overrides only, and what it is given."""
    module = import_module(f"yowo.commands.{verb}")
    if hasattr(module, "SUBJECTS"):
        assert arguments[0] in module.SUBJECTS, f"yowo {verb} {arguments[0]}"
        module, arguments = import_module(module.SUBJECTS[arguments[0]].module), arguments[1:]
    return (module.parser() if hasattr(module, "parser") else None), arguments


OF_AN_EXTRA = {
    **dict.fromkeys(("sweep=parallel", "hydra/launcher=joblib"), "joblib"),
    **dict.fromkeys(("sweep=slurm", "hydra/launcher=submitit_local", "hydra/launcher=submitit_slurm"), "submitit"),
}


def check_parsed(verb: str, arguments: list[str]) -> None:
    parser, arguments = parser_of(verb, arguments)
    if parser is None:
        assert not arguments, "a subject without a parser is shown without arguments"
        return
    options = parser.parse_args(arguments)
    if getattr(options, "overrides", None):
        compose_config("train", options.overrides)


def check_make(arguments: list[str]) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [a for a in arguments if "=" not in a and a not in targets] == []


def check_python(arguments: list[str]) -> None:
    if arguments[0] == "-m":
        assert find_spec(arguments[1]) is not None or arguments[1] == "build"
    else:
        assert (ROOT / arguments[0]).is_file()


@pytest.mark.parametrize(("place", "line"), LINES, ids=[f"{place} {line}"[:90] for place, line in LINES])
def test_a_command_of_the_documentation_is_understood(place, line, folder, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sweeps, "MAX_CHECKED", 2)
    program, *arguments = words(line, folder)
    for word in set(arguments) & set(OF_AN_EXTRA):  # Hydra's plugin brings a node that is composed
        pytest.importorskip(OF_AN_EXTRA[word])
    if OF_OWN_FILES in arguments:
        monkeypatch.chdir(write_own_files(tmp_path))
    if arguments[:2] == ["-m", "yowo"]:
        program, arguments = "yowo", arguments[2:]
    if program == "yowo":
        verb, *arguments = arguments
        assert verb in VERBS
        try:
            (check_composed if verb in COMPOSED else check_parsed)(verb, arguments)
        except SystemExit:
            pytest.fail(f"{place}: {line}\n{capsys.readouterr().err}")
    elif program == "make":
        check_make(arguments)
    elif program == "python":
        check_python(arguments)
    else:
        assert program in OTHER_PROGRAMS or (ROOT / program).is_file()


@pytest.mark.parametrize("wrong", ["backbone4d=x", "optimizer.rate=1", "dataset=nothing"])
def test_a_wrong_override_would_be_found(wrong):
    with pytest.raises(ConfigError, match="there is no such"):
        check_composed("train", [wrong])


def test_every_verb_is_shown():
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert not [verb for verb in VERBS if verb != "demo" and f"yowo {verb}" not in text]


def test_inline_options_of_make_are_targets():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))}
    assert named <= targets
