"""Rows that wait on the disk until the end of a video, for formats that cannot grow."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yowo.errors import YowoError

BLOCK = 1 << 16
"""Rows that are read at once."""


class Spool:
    """Rows of one type in a file without a name, which vanishes with the process.

    Attributes:
        count: Number of rows.
    """

    def __init__(self, target: Path, row: np.dtype[Any]) -> None:
        """Begin without rows.

        Args:
            target: The file that the rows are for; they wait in its folder, which is made if it is missing.
            row: Type of a row, with named fields.

        Raises:
            YowoError: The folder cannot be written.
        """
        self.count = 0
        self._target, self._row = target, row
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=target.parent)  # noqa: SIM115
        except OSError as error:
            raise self._failed(error) from error

    def append(self, rows: NDArray[Any]) -> None:
        """Append rows.

        Args:
            rows: Array [n] of the type of the spool.

        Raises:
            YowoError: The disk is full.
        """
        try:
            self._file.seek(self.count * self._row.itemsize)
            self._file.write(rows.astype(self._row, copy=False).tobytes())
        except OSError as error:
            raise self._failed(error) from error
        self.count += len(rows)

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield all rows in their order, in arrays of at most `BLOCK`.

        Raises:
            YowoError: The disk is full.
        """
        try:
            self._file.flush()
        except OSError as error:
            raise self._failed(error) from error
        for first in range(0, self.count, BLOCK):
            self._file.seek(first * self._row.itemsize)
            yield np.frombuffer(self._file.read(min(BLOCK, self.count - first) * self._row.itemsize), self._row)

    def grouped(self, field: str) -> Iterator[NDArray[Any]]:
        """Yield all rows by the value of a field of whole numbers, and those of a value in their order.

        Only this field is in memory as a whole.

        Yields:
            Arrays of at most `BLOCK` rows.
        """
        values = np.concatenate([np.zeros(0, np.int64), *(rows[field].astype(np.int64) for rows in self.blocks())])
        order = values.argsort(kind="stable")
        for first in range(0, self.count, BLOCK):
            rows = np.memmap(self._file, self._row, "r", shape=(self.count,))
            yield np.array(rows[order[first : first + BLOCK]])

    def close(self) -> None:
        """Forget the rows."""
        self._file.close()

    def _failed(self, error: OSError) -> YowoError:
        return YowoError(
            f"{self._target}: cannot be written ({error.strerror or error}); free some space or write elsewhere"
        )
