"""Atomic file writing: a file is written under a temporary name and renamed once it is complete."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yowo.errors import YowoError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds, delete it if the block raises.

    Args:
        path: The file to write; missing parent folders are created. An existing file stays until the new one is
            complete.

    Yields:
        The path to write to, with the file name of `path`.

    Raises:
        YowoError: The file cannot be written.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     target = Path(folder) / "metrics.json"
        ...     with whole_file(target) as unfinished:
        ...         size = unfinished.write_text("{}")
        ...         before = target.exists()
        ...     print(before, target.read_text())
        False {}
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            yield unfinished
            unfinished.replace(path)
    except OSError as error:
        raise YowoError(f"{path}: cannot be written ({error.strerror or error}): choose another path") from error
