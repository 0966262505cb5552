"""Check that the tests notice wrong code: try the one-line changes of `tests/mutation/mutants.py`, each on its own.

`python scripts/mutants.py [WORD ...]` copies the tree to a temporary folder, checks that the tests pass there, and then
tries each change whose name or file contains one of the words (without words: all). It prints a line for each and exits
with 1 if a change survives its tests or no longer fits the code. The work tree is never changed.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.mutation.mutants import MUTANTS  # noqa: E402
from tests.mutation.trying import copy_tree, import_libraries, run_tests, try_mutants  # noqa: E402


def main() -> int:
    """Try the chosen mutants; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD", help="parts of names or files; without any: all changes")
    words = parser.parse_args().words
    chosen = [m for m in MUTANTS if not words or any(word in f"{m.name} {m.path}" for word in words)]
    if not chosen:
        print(f"no change is called {' or '.join(words)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        copy_tree(ROOT, copy)
        import_libraries()
        code, line = run_tests(copy, sorted({test for mutant in chosen for test in mutant.tests}))
        if code:
            print(f"the tests fail without any change: {line}", file=sys.stderr)
            return 2
        outcomes = []
        for outcome in try_mutants(copy, chosen):
            outcomes.append(outcome)
            detail = "" if outcome.verdict == "killed" else f": {outcome.detail}"
            print(
                f"{outcome.verdict:8} {outcome.seconds:5.1f} s  {outcome.mutant.path}: {outcome.mutant.name}{detail}",
                flush=True,
            )
    alive = [outcome for outcome in outcomes if outcome.verdict != "killed"]
    print(f"{len(outcomes) - len(alive)} of {len(outcomes)} changes were noticed")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
