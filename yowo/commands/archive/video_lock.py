"""A lock on one video of a folder of results, which ends with the process that has it, however that ends."""

import errno
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

log = logging.getLogger(__name__)
NO_LOCKS = {getattr(errno, name) for name in ("ENOLCK", "ENOSYS", "EOPNOTSUPP", "ENOTSUP") if hasattr(errno, name)}
"""Numbers of the errors of a disk that has no locks."""


class Lock:
    """A lock that is held.

    Attributes:
        tries: How many processes had it before and were killed: whoever ends otherwise leaves no file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Take over an open and locked file."""
        self._file = file
        self.tries = file.seek(0, os.SEEK_END)

    def count(self) -> None:
        """Count this process.

        Raises:
            OSError: The disk is full.
        """
        self._file.write(b"x")
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def locked(path: Path) -> Iterator[Lock | None]:
    """Hold the lock of a file during the block; None if another process has it.

    On a disk without locks everybody gets it: results are whole all the same, but may be computed twice.

    Args:
        path: The file of the lock; its folder exists. It is removed when the block ends, and stays if the process is
            killed, as a count of such ends.

    Raises:
        OSError: The file cannot be written.
    """
    file = _taken(path)
    if file is None:
        yield None
        return
    try:
        lock = Lock(file)
        lock.count()
        yield lock
    finally:
        _release(file, path)


def _taken(path: Path) -> IO[bytes] | None:
    """Open and lock a file; None if another process has it."""
    while True:
        file = path.open("ab")
        try:
            if not _lock(file, path):
                file.close()
                return None
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except FileNotFoundError:
            pass
        except BaseException:
            file.close()
            raise
        file.close()  # who had it before has removed the file in the meantime


def _release(file: IO[bytes], path: Path) -> None:
    """Remove the file of a lock and end the lock."""
    with suppress(OSError):
        if sys.platform == "win32":  # an open file cannot be removed there
            file.close()
        path.unlink()
    with suppress(OSError):  # what a full disk did not take
        file.close()


def _lock(file: IO[bytes], path: Path) -> bool:
    """Lock a file if it is free, and return whether it was."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(1 << 30)  # a place that nobody reads: locked bytes cannot be read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                return False
            raise
        _warn(str(path.parent))
    return True


@cache
def _warn(folder: str) -> None:
    log.warning("%s: this disk has no locks, so do not start the same command on it twice at a time", folder)
