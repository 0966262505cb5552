"""Text files that grow with the frames of a source: whatever happens, they hold whole lines."""

import errno
import os
from contextlib import ExitStack, suppress
from pathlib import Path

from yowo.errors import YowoError
from yowo.whole_file import growing_file


class _IncompleteError(Exception):
    """Tells `growing_file` that an earlier file stays."""


class GrowingLines:
    """A text file in UTF-8; what was appended is in it when `append` returns.

    An earlier file of the name stays until the new one is complete, see `growing_file`; a pipe gets the lines at once.

    Attributes:
        path: The file that is written to; after `finish` the one that holds the lines.
    """

    def __init__(self, path: Path) -> None:
        """Begin an empty file; its folders are made if they are missing.

        Raises:
            YowoError: It cannot be written.
        """
        self._wanted = path
        self._stack = ExitStack()
        self._size = 0
        with ExitStack() as stack:
            is_pipe = path.exists() and not path.is_file() and not path.is_dir()
            self.path = path if is_pipe else stack.enter_context(growing_file(path))
            self._file = stack.enter_context(self.path.open("wb", buffering=0))
            self._stack = stack.pop_all()

    def append(self, text: str) -> None:
        """Append lines: all of them, or none.

        Raises:
            YowoError: The disk is full, or cannot be written; the earlier lines are in the file.
        """
        content = text.encode("utf-8", "backslashreplace")
        try:
            if self._file.write(content) < len(content):  # the disk is full
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._size)
            raise YowoError(
                f"{self.path}: cannot be written ({error.strerror or error}); what was written before is in it"
            ) from error
        self._size += len(content)

    def finish(self, complete: bool = True) -> None:
        """Close the file.

        Args:
            complete: Whether it replaces an earlier file of its name; if not, it keeps its own name beside it.

        Raises:
            YowoError: The disk could not take it.
        """
        if complete:
            self._stack.close()
            self.path = self._wanted
        else:
            self.close()

    def close(self) -> None:
        """Close the file as it is; an earlier file of its name stays."""
        self._stack.__exit__(_IncompleteError, _IncompleteError(), None)
        self._stack = ExitStack()
