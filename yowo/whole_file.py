"""Files that are there whole or not at all: written under a temporary name, then renamed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yowo.errors import YowoError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, renamed to `path` when the block ends well and removed when it does not.

    Args:
        path: The file to write; folders above it are made. An old file stays until the new one is complete.

    Yields:
        The path to write to, with the ending of `path`.

    Raises:
        YowoError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            yield unfinished
            unfinished.replace(path)
    except OSError as error:
        raise YowoError(f"{path}: cannot be written ({error.strerror or error}): choose another place") from error
