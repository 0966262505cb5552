"""Hands frames from the thread that decodes to the one that reads; it never holds more than a given number."""

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

Item = TypeVar("Item")
LATE = 0.1
"""Seconds after which a frame of a live source that nobody has read yet is late."""
TICK = 0.5
"""Seconds from one look to the next while waiting; also how long Ctrl-C waits where it cannot interrupt a lock."""


class FrameQueue(Generic[Item]):
    """A bounded queue between one writer and one reader.

    Attributes:
        dropped: Number of items left out because they were late, or did not fit.
    """

    def __init__(self, most: int, late: float | None = None) -> None:
        """Make an empty queue.

        Args:
            most: Largest number of items, at least 1.
            late: Seconds after which an item is late: if the oldest is, all but the newest are left out, so that a slow
                reader sees what happens now. A full queue leaves out the oldest. None: nothing is left out, and the
                writer waits while the queue is full.
        """
        self._items: deque[tuple[Item, float]] = deque()
        self._most, self._late = most, late
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._ended = self._closed = False
        self.dropped = 0

    def limit(self, most: int, late: float | None) -> None:
        """Set the limits, see `__init__`, once it is known what comes."""
        with self._changed:
            self._most, self._late = most, late

    def put(self, item: Item) -> bool:
        """Append an item; return False, without it, once the reader has closed the queue."""
        with self._changed:
            while self._late is None and len(self._items) >= self._most and not self._closed:
                self._changed.wait(TICK)
            if self._closed:
                return False
            if len(self._items) >= self._most:
                self._items.popleft()
                self.dropped += 1
            self._items.append((item, monotonic()))
            self._changed.notify_all()
            return True

    def end(self, error: BaseException | None = None) -> None:
        """Say that no item follows; `error` is raised in the reader when it has read what came before."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def get(
        self,
        count: int = 1,
        whole: bool = False,
        waiting: Callable[[], None] | None = None,
        raising: bool = True,
    ) -> list[Item]:
        """Take the next items.

        Args:
            count: How many at most.
            whole: Whether to wait for all of them; otherwise only for the first.
            waiting: Called now and then while nothing comes; what it raises ends the wait.
            raising: Whether to raise what the writer ended with; otherwise a later call does.

        Returns:
            The items; fewer at the end, and none after it or after `close`.

        Raises:
            BaseException: What the writer ended with, once all before it was read.
        """
        taken: list[Item] = []
        with self._changed:
            while len(taken) < count:
                if not self._wait(waiting):
                    break
                self._leave_out_late()
                taken.append(self._items.popleft()[0])
                self._changed.notify_all()
                if not whole and not self._items:
                    break
            if raising and not taken and self._error is not None and not self._closed:
                raise self._error
        return taken

    def first(self, waiting: Callable[[], None] | None = None) -> Item | None:
        """Wait for the first item and return it without taking it; None if there is none.

        Raises:
            BaseException: What the writer ended with before it.
        """
        with self._changed:
            if self._wait(waiting):
                return self._items[0][0]
            if self._error is not None:
                raise self._error
            return None

    def close(self) -> None:
        """Forget all items, and let both sides go on: nothing can be put or taken any more."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def _wait(self, waiting: Callable[[], None] | None) -> bool:
        """Wait until there is an item; return False at the end."""
        while not self._items and not self._ended and not self._closed:
            self._changed.wait(TICK)
            if waiting is not None and not self._items and not self._ended:
                waiting()
        return bool(self._items)

    def _leave_out_late(self) -> None:
        if self._late is None or self._ended or monotonic() - self._items[0][1] <= self._late:
            return
        while len(self._items) > 1:
            self._items.popleft()
            self.dropped += 1
