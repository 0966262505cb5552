"""No mistake in a command line ends in a traceback; `scripts/mistakes.py` tries more of them."""

import random

import pytest

from tests.mistakes.changes import CHANGES, mistakes
from tests.mistakes.command_lines import LINES, write_files
from tests.mistakes.trying import all_keys, cut, try_line

QUICK = tuple(
    line for line in LINES if line.split()[0] in ("train", "detect", "score", "weights") and "import" not in line
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mistakes") / "files"
    folder.mkdir()
    write_files(folder)
    return folder


def failures(lines, count, seed, files, folder):
    with cut():
        tried = [try_line(words, files, folder / "here") for words in mistakes(lines, all_keys(), count, seed)]
    return [f"yowo {' '.join(failure.words)}\n{failure.said}" for failure in tried if failure is not None]


def test_a_dozen_mistakes_end_in_messages(files, tmp_path):
    assert not failures(QUICK, 12, 11, files, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_hundred_mistakes_end_in_messages(files, tmp_path):
    assert not failures(LINES, 200, 0, files, tmp_path)


@pytest.mark.long
def test_the_lines_work_without_mistakes(files, tmp_path):
    with cut():
        assert not [line for line in LINES if try_line(line.split(), files, tmp_path / "here") is not None]


def test_a_traceback_would_be_found(files, tmp_path, monkeypatch):
    monkeypatch.setattr("yowo.commands.entry.train.run", lambda arguments: 1 / 0)
    failure = try_line(["train"], files, tmp_path / "here")
    assert failure is not None and "ZeroDivisionError" in failure.said


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_makes_another_line_and_the_same_one_again(change):
    words = ["train", "dataset=custom", "dataset.root=project", "seed=3"]
    made = {tuple(change(random.Random(seed), words)) for seed in range(8)}
    assert made != {tuple(words)} and made == {tuple(change(random.Random(seed), words)) for seed in range(8)}
