"""The examples in the package's docstrings run and give what they say."""

import doctest
from importlib import import_module

import pytest

from tests.conftest import ROOT

OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "yowo").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(import_module(name), optionflags=OPTIONS)
    assert result.attempted, f"{name}: has examples that doctest does not find"
    assert not result.failed, capsys.readouterr().out


def test_a_wrong_example_would_be_found():
    runner = doctest.DocTestRunner(verbose=False, optionflags=OPTIONS)
    runner.run(doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0), out=lambda text: None)
    assert runner.summarize(verbose=False).failed == 1
