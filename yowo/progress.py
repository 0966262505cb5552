"""How far long work is: a bar on a terminal, elsewhere (log files, clusters) a line now and then."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager, nullcontext
from time import monotonic
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import Progress, TextColumn
from rich.progress import track as bar

log = logging.getLogger(__name__)
Item = TypeVar("Item")
FIRST, EVERY = 10.0, 30.0
"""Seconds until the first line, and from one line to the next."""
STEP = {"step": True}
"""Marks a line of the log that a terminal does not need, because it shows a bar."""


_only_parts = False


@contextmanager
def parts_only() -> Iterator[None]:
    """Treat everything that is tracked in the block as a small part of a command, see `Lines`."""
    global _only_parts
    before, _only_parts = _only_parts, True
    try:
        yield
    finally:
        _only_parts = before


def on_terminal() -> bool:
    """Return whether stdout is a terminal that can show a bar; TERM=dumb and what Rich reads are respected."""
    console = Console()
    return console.is_terminal and console.is_interactive and not console.is_dumb_terminal


def duration(seconds: float) -> str:
    """Return a time in words.

    Examples:
        >>> duration(7.4), duration(125), duration(7380)
        ('7 s', '2 min 5 s', '2 h 3 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Clock:
    """Tells when the next line is due."""

    def __init__(self) -> None:
        """Start the clock."""
        self.begin = monotonic()
        self._next = self.begin + FIRST

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return monotonic() - self.begin

    def due(self) -> bool:
        """Return whether a line is due, and if so wait for the next one."""
        now = monotonic()
        if now < self._next:
            return False
        self._next = now + EVERY
        return True


class Lines:
    """Logs how many of a number of things are done: at the start, now and then, and at the end."""

    def __init__(
        self, what: str, total: int | None, unit: str, part: bool = False, more: Callable[[], str] | None = None
    ) -> None:
        """Log the start.

        Args:
            what: The work, such as "detecting".
            total: Number of things; None if it is not known.
            unit: What is counted, such as "frames".
            part: Whether it is a small part of a command, which is told only if it takes long.
            more: Returns what a line says beside, such as a rate.
        """
        self.what, self.total, self.unit, self._more = what, total, unit, more
        self.clock = Clock()
        self._told = not part
        if not part:
            self._say("" if total is None else f"{total:,} {unit}")

    def advance(self, done: int) -> None:
        """Log a line if one is due.

        Args:
            done: Number of things that are done.
        """
        if not self.clock.due():
            return
        self._told = True
        more = "" if self._more is None else f", {self._more()}"
        if self.total is None:
            self._say(f"{done:,} {self.unit} in {duration(self.clock.seconds)}{more}")
            return
        left = self.clock.seconds * (self.total - done) / done if done else None
        words = "" if left is None else f", {duration(max(0.0, left))} left"
        share = 100 * done // max(1, self.total)
        self._say(f"{done:,} of {self.total:,} {self.unit} ({share} %){words}{more}")

    def end(self, done: int) -> None:
        """Log the end."""
        if self._told:
            self._say(f"{done:,} {self.unit} done in {duration(self.clock.seconds)}")

    def _say(self, words: str) -> None:
        log.info("%s%s", self.what, f": {words}" if words else "", extra=STEP)


def track(
    items: Iterable[Item],
    what: str,
    total: int | None = None,
    unit: str = "frames",
    part: bool = False,
    more: Callable[[], str] | None = None,
) -> Iterator[Item]:
    """Yield items and show how many were yielded.

    Args:
        items: The items.
        what: The work, such as "detecting".
        total: Their number; None takes that of a list.
        unit: What is counted.
        part: Whether it is a small part of a command, see `Lines`.
        more: Returns what is shown beside, such as a rate.

    Yields:
        The items.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    if on_terminal():
        if more is None:
            yield from bar(items, what, total=total, transient=True, console=Console())
        else:
            yield from _bar_with_words(items, what, total, more)
        return
    lines = Lines(what, total, unit, part or _only_parts, more)
    done = 0
    for item in items:
        yield item
        done += 1
        lines.advance(done)
    lines.end(done)


def _bar_with_words(items: Iterable[Item], what: str, total: int | None, more: Callable[[], str]) -> Iterator[Item]:
    """Yield items and show a bar with changing words behind it."""
    columns = (*Progress.get_default_columns(), TextColumn("{task.fields[words]}"))
    with Progress(*columns, console=Console(), transient=True) as progress:
        task = progress.add_task(what, total=total, words="")
        for item in items:
            yield item
            progress.update(task, advance=1, words=more())


@contextmanager
def working(what: str, part: bool = False) -> Iterator[None]:
    """Show that work whose length is not known is going on: on a terminal a moving sign, else a line now and then.

    Args:
        what: The work, such as "scoring det.npz".
        part: Whether it is told only if it takes long, and shows bars of its own on a terminal.
    """
    if on_terminal():
        with nullcontext() if part else Console().status(what):
            yield
        return
    clock, over = Clock(), threading.Event()
    if not part:
        log.info(what, extra=STEP)

    def remind() -> None:
        wait = FIRST
        while not over.wait(wait):
            log.info("%s: %s so far", what, duration(clock.seconds), extra=STEP)
            wait = EVERY

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield
    finally:
        over.set()
        reminder.join()


def values(named: dict[str, Any]) -> str:
    """Return named numbers as text, such as "loss 1.234, lr 0.0001"."""
    return ", ".join(f"{name} {float(value):.4g}" for name, value in named.items())
