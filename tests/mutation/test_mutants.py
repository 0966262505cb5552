"""The list of wrong changes fits the code, and the check of the tests tells what they notice."""

import pytest

from tests.conftest import ROOT
from tests.mutation.mutants import MUTANTS, Mutant
from tests.mutation.trying import copy_tree, stale, try_mutants


def test_every_change_fits_the_code_once_and_its_tests_are_there():
    assert [reason for mutant in MUTANTS if (reason := stale(ROOT, mutant))] == []


def test_every_change_changes_something_and_has_a_name_of_its_own():
    assert [mutant.name for mutant in MUTANTS if mutant.old == mutant.new] == []
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 32


@pytest.fixture
def tree(tmp_path):
    """A package of one function, and a test that looks at one of its two results."""
    (tmp_path / "yowo").mkdir()
    (tmp_path / "yowo" / "__init__.py").write_text("")
    (tmp_path / "yowo" / "sums.py").write_text("def both(a, b):\n    return a + b, a - b\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_sums.py").write_text(
        "from yowo.sums import both\n\n\ndef test_it():\n    assert both(2, 1)[0] == 3\n"
    )
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\ntimeout = 60\naddopts = "-n 0"\n')
    return tmp_path


def test_a_change_is_killed_survives_or_no_longer_fits_and_the_tree_is_as_before(tree):
    tests = ("test_sums.py",)
    before = (tree / "yowo" / "sums.py").read_text()
    found = list(
        try_mutants(
            tree,
            [
                Mutant("sum", "yowo/sums.py", "a + b", "a * b", tests),
                Mutant("difference", "yowo/sums.py", "a - b", "b - a", tests),
                Mutant("gone", "yowo/sums.py", "a / b", "a", tests),
                Mutant("twice", "yowo/sums.py", "a", "b", tests),
                Mutant("untested", "yowo/sums.py", "a + b", "a", ("test_gone.py",)),
                Mutant("no python", "yowo/sums.py", "return", "retrun", tests),
            ],
        )
    )
    verdicts = {outcome.mutant.name: outcome.verdict for outcome in found}
    assert verdicts == {
        "sum": "killed", "difference": "survived", "gone": "stale", "twice": "stale", "untested": "stale",
        "no python": "error",
    }  # fmt: skip
    assert "test_sums.py::test_it" in found[0].detail and "stands there 0 times" in found[2].detail
    assert (tree / "yowo" / "sums.py").read_text() == before


def test_the_copy_has_what_the_tests_need_and_nothing_compiled(tree, tmp_path):
    (tree / "yowo" / "__pycache__").mkdir()
    (tree / "yowo" / "__pycache__" / "sums.pyc").write_text("")
    copy_tree(tree, tmp_path / "copy")
    assert sorted(path.name for path in (tmp_path / "copy" / "yowo").iterdir()) == ["__init__.py", "sums.py"]
    assert (tmp_path / "copy" / "pyproject.toml").is_file()
