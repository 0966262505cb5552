"""Make mistakes in command lines that work, and report each that ends in a traceback instead of a message.

`python scripts/mistakes.py [--count 200] [--seed 0]` changes letters, words, keys and values at random, always the same
with the same seed, and runs each line in this process up to where a long job would begin. It exits with 1 if a line
ended in a traceback or did not end.
"""

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.mistakes.changes import mistakes  # noqa: E402
from tests.mistakes.command_lines import LINES, write_files  # noqa: E402
from tests.mistakes.trying import all_keys, cut, try_line  # noqa: E402


def main() -> int:
    """Try the lines; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="lines to try (200)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the mistakes (0)")
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="mistakes-") as folder, cut():
        files = Path(folder) / "files"
        files.mkdir()
        write_files(files)
        for words in mistakes(LINES, all_keys(), options.count, options.seed):
            failure = try_line(words, files, Path(folder) / "here")
            if failure is not None:
                failures += 1
                print(f"yowo {shlex.join(words)}\n{failure.said}", flush=True)
    print(f"{options.count} mistakes, {failures} ended in a traceback")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
