"""Try wrong changes on a copy of the tree: each must make a test fail."""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

from tests.mutation.mutants import Mutant

COPIED = ("yowo", "conf", "tests", "benchmarks", "scripts", "docs", "pyproject.toml", "README.md")
"""What the tests need of the tree."""
LONGEST = 300
"""Seconds after which a run of tests counts as failed: a change may make the package wait for ever."""
PASSED, FAILED, NO_VERDICT = 0, 1, 3
"""Exit codes of pytest; others than the first two are no verdict."""
LIBRARIES = ("torch", "lightning.pytorch", "torchmetrics", "hydra", "omegaconf", "scipy.io", "av", "PIL.Image", "rich")
"""What most tests import: once, before the forks."""


class Outcome(NamedTuple):
    """What became of a mutant.

    Attributes:
        mutant: The change.
        verdict: "killed", "survived", "stale" (its text does not stand in the file once) or "error" (the tests did not
            run).
        seconds: Of its tests.
        detail: The test that failed, or what is wrong.
    """

    mutant: Mutant
    verdict: str
    seconds: float
    detail: str


def copy_tree(root: Path, target: Path) -> None:
    """Copy what the tests need of `root`, without compiled files: these may not notice a change of one second."""
    for name in COPIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        elif source.is_file():
            shutil.copy(source, target / name)


def stale(root: Path, mutant: Mutant) -> str | None:
    """Say why a mutant does not fit the tree; None where it does."""
    path = root / mutant.path
    if not path.is_file():
        return f"{mutant.path} is not there"
    found = path.read_text(encoding="utf-8").count(mutant.old)
    if found != 1:
        return f"{mutant.path}: {mutant.old!r} stands there {found} times; it must stand there once"
    gone = [test for test in mutant.tests if not (root / "tests" / test).exists()]
    return f"tests/{gone[0]} is not there" if gone else None


def import_libraries() -> None:
    """Import what most tests need, so that the forks have it."""
    for library in LIBRARIES:
        import_module(library)


def run_tests(root: Path, tests: Iterable[str]) -> tuple[int, str]:
    """Run tests of a tree in one process, up to the first failure.

    The process is a fork of this one, see `import_libraries`, and imports the package and the tests of `root`.

    Returns:
        pytest's exit code and the line about the first failure, or the last line.
    """
    with tempfile.NamedTemporaryFile(mode="r", suffix=".txt") as output:
        child = os.fork()
        if not child:
            _in_fork(root, tests, output.name)
        code = _waited(child)
        text = output.read()
    lines = [line for line in text.splitlines() if line.strip()] or ["no output"]
    if code is None:
        return FAILED, f"no end after {LONGEST} seconds"
    return code, next((line for line in lines if line.startswith(("FAILED", "ERROR"))), lines[-1])


def _in_fork(root: Path, tests: Iterable[str], output: str) -> NoReturn:
    """Run pytest on the tree of `root`, with nothing of this tree in memory; ends the process."""
    code = NO_VERDICT
    try:
        os.setsid()
        for number in (1, 2):
            os.dup2(os.open(output, os.O_WRONLY | os.O_APPEND), number)
        sys.stdout = sys.stderr = Path(output).open("a", encoding="utf-8")  # noqa: SIM115
        for name in [name for name in sys.modules if name.partition(".")[0] in ("tests", "yowo", "benchmarks")]:
            del sys.modules[name]
        sys.path.insert(0, str(root))
        os.environ.update({"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"})
        sys.dont_write_bytecode = True
        os.chdir(root)
        options = ("-q", "-x", "-n", "0", "-p", "no:cacheprovider", "--durations=0", "--no-header", f"--rootdir={root}")
        code = int(pytest.main([*options, *(f"tests/{test}" for test in tests)]))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _waited(child: int) -> int | None:
    """Return a process's exit code; None if it did not end in time and was killed, with what it had started."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else FAILED
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def try_mutants(copy: Path, mutants: Sequence[Mutant]) -> Iterator[Outcome]:
    """Try mutants one by one on a copy of the tree, which is as before afterwards.

    Args:
        copy: From `copy_tree`; its tests pass.
        mutants: What to try.
    """
    for mutant in mutants:
        wrong = stale(copy, mutant)
        if wrong is not None:
            yield Outcome(mutant, "stale", 0.0, wrong)
            continue
        path = copy / mutant.path
        whole = path.read_text(encoding="utf-8")
        begin = time.perf_counter()
        try:
            path.write_text(whole.replace(mutant.old, mutant.new), encoding="utf-8")
            code, line = run_tests(copy, mutant.tests)
        finally:
            path.write_text(whole, encoding="utf-8")
        verdict = {PASSED: "survived", FAILED: "killed"}.get(code, "error")
        yield Outcome(mutant, verdict, time.perf_counter() - begin, line)
