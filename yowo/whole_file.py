"""Files that are complete or absent, and files that grow while an earlier one of their name stays."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from yowo.errors import YowoError

OF_THE_DISK = {
    getattr(errno, name)
    for name in ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EFBIG", "EIO", "ENAMETOOLONG")
    if hasattr(errno, name)
}
"""Numbers of errors that are the disk's, not the program's."""
UNFINISHED = "unfinished"
"""Part of the name of a growing file where an earlier file has its name."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds, delete it if the block raises.

    Its content is on the disk before it gets the name, and the name is before the block ends, so that neither a killed
    process nor a power cut leaves half a file.

    Args:
        path: The file to write; missing parent folders are created. An existing file stays until the new one is
            complete. A device or pipe, such as /dev/stdout, gets the content when it is complete.

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
        is_stream = path.exists() and not path.is_file() and not path.is_dir()
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".yowo-", dir=None if is_stream else path.parent) as folder:
            unfinished = Path(folder) / path.name
            yield unfinished
            if is_stream:
                with unfinished.open("rb") as content, path.open("wb") as stream:
                    shutil.copyfileobj(content, stream)
            else:
                synced(unfinished)
                unfinished.replace(path)
                synced(path.parent)
    except OSError as error:
        raise YowoError(f"{path}: cannot be written ({error.strerror or error}): choose another path") from error


def synced(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    Args:
        path: A file, or a folder; where the system cannot do it for folders (Windows, some network disks) nothing is
            done for them.

    Raises:
        OSError: The disk could not take the file.
    """
    if not path.is_file():
        with suppress(OSError):
            _fsync(path, os.O_RDONLY)
        return
    _fsync(path, os.O_RDWR)


def _fsync(path: Path, flags: int) -> None:
    number = os.open(path, flags)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def growing_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to, whose content stays whatever happens.

    It is `path` itself if there is no such file yet. An earlier file stays until the new one is complete: the new one
    is then written beside it as NAME.unfinished.ENDING, and replaces it when the block succeeds.

    Args:
        path: The file to write; missing parent folders are created.

    Yields:
        The path to write to.

    Raises:
        YowoError: The file cannot be written.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     target = Path(folder) / "rows.csv"
        ...     size = target.write_text("earlier")
        ...     with growing_file(target) as growing:
        ...         size = growing.write_text("new")
        ...         print(growing.name, target.read_text())
        ...     print(target.read_text())
        rows.unfinished.csv earlier
        new
    """
    growing = path.with_name(f"{path.stem}.{UNFINISHED}{path.suffix}") if path.exists() else path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield growing
        if growing != path:
            synced(growing)
            growing.replace(path)
            synced(path.parent)
    except OSError as error:
        raise YowoError(f"{path}: cannot be written ({error.strerror or error}): choose another path") from error


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn errors of the disk inside the block, as when it is full or read-only, into one line; also as a decorator.

    Raises:
        YowoError: The disk took no more; what was written before is there.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        where = f"{error.filename}: " if error.filename else ""
        raise YowoError(f"{where}cannot be written ({error.strerror}); free some space or write elsewhere") from error
