"""Start of the commands `yowo` and `yowo-lightning`; outside the package, since another distribution may replace it.

PyPI's `yowo` is another program, with an import package and a command of the same name. Installed beside
`yowo-lightning` it replaces files, or hides the package of an editable installation. Then a line says so.
"""

import base64
import hashlib
import os
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

OURS = "yowo-lightning"
OTHER = "yowo"
MEND = f"pip uninstall -y {OTHER} {OURS}, then install {OURS} again; or give each an environment of its own"


def main() -> None:
    """Run the command line, unless the other distribution has taken its place."""
    other = _other()
    if other is not None and "LOCAL_RANK" not in os.environ:  # once per run, not in each process of several GPUs
        package = _package()
        if package is None or _owns(other, package):
            place = "the package yowo" if package is None else str(package)
            sys.exit(_said(f"error: {place} is of {OTHER} {other.version}, another program, not of {OURS}: {MEND}"))
        _said(
            f"warning: {OTHER} {other.version}, another program, shares names with {OURS}: {package} and the command "
            f"{Path(sys.argv[0]).name} are of {OURS} now, and uninstalling one deletes files of both: {MEND}"
        )
    from yowo.commands.main import main as run  # only now: it may not be ours

    run()


def _other() -> Distribution | None:
    """Return the other distribution if it is installed."""
    try:
        return distribution(OTHER)
    except PackageNotFoundError:
        return None


def _package() -> Path | None:
    """Return the file that `import yowo` runs, without running it."""
    found = find_spec("yowo")
    return None if found is None or found.origin is None else Path(found.origin)


def _owns(other: Distribution, package: Path) -> bool:
    """Return whether a file is as the other distribution installed it."""
    for file in other.files or ():
        if file.hash is not None and Path(str(file.locate())).resolve() == package.resolve():
            digest = hashlib.new(file.hash.mode, package.read_bytes()).digest()
            return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value
    return False


def _said(line: str) -> int:
    """Print a line on stderr; return the exit code of an error that the user can fix."""
    print(line, file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
