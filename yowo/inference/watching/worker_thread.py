"""One step of the work in a thread of its own, behind a bounded queue: errors and the end cross threads."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Generic, TypeVar

from typing_extensions import Self

Item = TypeVar("Item")
PATIENCE = 0.1
"""Seconds after which a thread that waits looks whether the other one has failed."""


class WorkerThread(Generic[Item]):
    """Calls a function with each item that is given, in order, in a thread of its own.

    A context manager: at the end of the block the rest is worked off, also if the block raises. What the thread raises
    is raised where items are given, or at the end of the block.

    Examples:
        >>> done = []
        >>> with WorkerThread(done.append, lambda: done.append("end")) as worker:
        ...     for number in range(3):
        ...         worker.give(number)
        >>> done
        [0, 1, 2, 'end']
    """

    def __init__(
        self, work: Callable[[Item], None], last: Callable[[], None], room: int = 4, name: str = "yowo-worker"
    ) -> None:
        """Start the thread.

        Args:
            work: Takes an item; after an error it is not called again.
            last: Called in the end, in the thread, whatever happened.
            room: Items that may wait.
            name: Of the thread.
        """
        self._work, self._last = work, last
        self._items: queue.Queue[tuple[Item] | None] = queue.Queue(room)
        self._error: BaseException | None = None
        self._told = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def give(self, item: Item) -> None:
        """Hand over an item; waits while there is no room.

        Raises:
            BaseException: What the thread has raised; it takes no item any more.
        """
        while self._error is None:
            with suppress(queue.Full):
                self._items.put((item,), timeout=PATIENCE)
                return
        raise self._error

    def end(self) -> None:
        """Let the thread work off the rest and end; what it has raised is not raised here.

        If this is interrupted, by Ctrl-C, the thread still comes to its end before the interruption goes on.
        """
        try:
            self._wait()
        except BaseException:
            self._wait()
            raise

    def _wait(self) -> None:
        while not self._told and self._thread.is_alive():
            with suppress(queue.Full):
                self._items.put(None, timeout=PATIENCE)
                self._told = True
        self._thread.join()

    def _run(self) -> None:
        while (item := self._items.get()) is not None:
            if self._error is None:
                self._try(partial(self._work, *item))
        self._try(self._last)

    def _try(self, call: Callable[[], None]) -> None:
        try:
            call()
        except BaseException as error:  # raised again in the other thread
            self._error = self._error or error

    def __enter__(self) -> Self:
        """Return the worker."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread, and raise what it has raised unless the block has raised."""
        self.end()
        if self._error is not None and kind is None:
            raise self._error
