"""Ctrl-C, SIGTERM and closed pipes: files are closed, one line says how to go on, and the exit code tells a shell.

A training saves first, at its next step.
"""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any, NoReturn

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask a process to end: Ctrl-C, a scheduler before it pre-empts a job, a terminal that is closed."""
SAME_PRESS = 0.2
"""Seconds. Programs that start this one pass Ctrl-C on although the terminal sends it too: both are one wish."""
GRACE = {"SIGUSR1": 100.0, "SIGUSR2": 100.0}
"""Seconds in which a training may come to a step and save, by signal: SLURM sends these as early as `--signal` says."""
USUAL_GRACE = 25.0
"""The same for other signals, which announce the end itself, usually 30 seconds before it."""
CLOSED_PIPE = 141
"""Exit code after the reader of a pipe has gone, as in `yowo data show DIR | head`; that of a shell after SIGPIPE."""


class Interrupted(BaseException):
    """Raised in the main thread when the process is asked to end; no `Exception`, so nothing handles it as an error."""


class _State:
    """What the signal handler knows.

    Attributes:
        signal: Number of the first signal that came; None before.
        at: When it came, on the monotonic clock.
        shields: Number of open blocks of `shielded`.
        owner: The process that handles signals; forked workers have copies of this object.
        words: What to do next, said by the blocks of `if_interrupted`.
        ask: Asks a training to save and end, in a block of `saved_first`.
        told: What is said if that takes too long.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget everything: this process starts a command."""
        self.signal: int | None = None
        self.at = 0.0
        self.shields = 0
        self.owner = os.getpid()
        self.words: list[str] = []
        self.ask: Callable[[int], bool] | None = None
        self.told: Callable[[], str] = str


_state = _State()


@contextmanager
def interruptible() -> Iterator[None]:
    """Run a whole command: an interruption inside the block becomes one line on stderr, and the exit code of a shell.

    The first signal raises `Interrupted`, so that files are closed and processes are ended; the second ends the process
    at once. Signals that the process was started to ignore (`nohup`, `&` in a script) stay ignored.

    The exit code is 128 + the number of the signal (130: Ctrl-C, 143: SIGTERM); if the reader of a pipe has gone, it
    is `CLOSED_PIPE`.
    """
    _state.begin()
    before = {}
    if threading.current_thread() is threading.main_thread():
        wanted = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        before = {number: signal.signal(number, _handle) for number in wanted}
    try:
        try:
            yield
            sys.stdout.flush()
        except BaseException as error:
            if _state.signal is None and isinstance(error, KeyboardInterrupt):
                _state.signal = signal.SIGINT
            if _state.signal is None:
                if not _pipe_is_closed(error):
                    raise
                _write_nowhere()
                sys.exit(CLOSED_PIPE)
        if _state.signal is None:
            return
        _tell("; ".join(dict.fromkeys(_state.words)) or "what was not finished is not kept; run the command again")
        _end(128 + _state.signal)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def if_interrupted(words: Callable[[], str], alone: bool = False) -> Iterator[None]:
    """Name what is kept and how to go on, if the block is interrupted.

    Args:
        words: Returns the text, such as "120 of 800 frames are in out.csv"; called after the interruption.
        alone: Whether the text replaces those of blocks inside this one.
    """
    try:
        yield
    except BaseException:
        if _state.signal is not None:
            with suppress(Exception):  # the line must not hide that the command was interrupted
                _state.words[:] = [words()] if alone else [*_state.words, words()]
        raise


@contextmanager
def saved_first(ask: Callable[[int], bool], words: Callable[[], str]) -> Iterator[None]:
    """Let the first signal ask a training in the block to save and to end by itself, instead of raising `Interrupted`.

    The second signal ends the process at once, and so does the end of the time (`GRACE`), as when a loader hangs.
    SIGUSR1 asks too, unless the process was started to ignore it. If the launcher of a job has set a handler of SIGUSR1
    or SIGUSR2 (submitit, which queues the job again), that is called when the training has saved.

    Args:
        ask: Called by the signal handler with the number of the signal; returns whether the training will end by
            itself. If not, the signal interrupts as usual.
        words: What is kept and how to go on, said if the time is over.
    """
    before = _listen_to_schedulers()
    _state.ask, _state.told = ask, words
    try:
        yield
    except BaseException as error:
        number = getattr(error, "signal", None)  # of a process of the same training, where this one got none
        if _state.signal is None and isinstance(number, int):
            _state.signal = number
        launcher = before.get(_state.signal or 0)
        if callable(launcher):
            launcher(_state.signal, None)
        raise
    finally:
        _state.ask = None
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen_to_schedulers() -> dict[int, Any]:
    """Handle SIGUSR1, and SIGUSR2 if a launcher does; return the handlers that were set before."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    names = [name for name in GRACE if hasattr(signal, name)]
    set_before = {getattr(signal, name): signal.getsignal(getattr(signal, name)) for name in names}
    heard: dict[int, Any] = {
        number: handler
        for number, handler in set_before.items()
        if callable(handler) or (number == signal.SIGUSR1 and handler is signal.SIG_DFL)
    }
    for number in heard:
        signal.signal(number, _handle)
    return heard


@contextmanager
def shielded() -> Iterator[None]:
    """Let a signal wait until the block has ended, so that things that belong together are written together.

    Raises:
        Interrupted: A signal came; raised when the outermost block has ended without an error.
    """
    waited_for = _state.signal
    _state.shields += 1
    try:
        yield
    finally:
        _state.shields -= 1
    if waited_for is None and _state.signal is not None and not _state.shields:
        raise Interrupted


def was_interrupted() -> bool:
    """Return whether the process was asked to end."""
    return _state.signal is not None


def exit_code() -> int | None:
    """Return the exit code of an interrupted process, 128 + the number of the signal; None if none came."""
    return None if _state.signal is None else 128 + _state.signal


def _handle(number: int, frame: FrameType | None) -> None:
    """Handle a signal; Python calls this in the main thread."""
    if os.getpid() != _state.owner:  # a forked worker: Ctrl-C reaches it too, but its parent ends it
        if number != signal.SIGINT:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        return
    if _state.signal is not None:
        if monotonic() - _state.at >= SAME_PRESS:
            _end_at_once(128 + number)
        return
    _state.signal, _state.at = number, monotonic()
    if _state.ask is not None and _state.ask(number):
        _give_time(number)
    elif not _state.shields:
        raise Interrupted


def _give_time(number: int) -> None:
    """Say that a training will end at its next step, and end the process if it does not in time."""
    name = signal.Signals(number).name
    seconds = GRACE.get(name, USUAL_GRACE)
    timer = threading.Timer(seconds, _give_up, (number, seconds))
    timer.daemon = True
    timer.start()
    if number == signal.SIGINT and sys.stderr.isatty():
        with suppress(OSError):
            os.write(2, b"\nsaving at the next step; Ctrl-C again ends at once\n")


def _give_up(number: int, seconds: float) -> None:
    """End the process from another thread: the main one has come to no step, as when a loader hangs."""
    with suppress(Exception):
        _tell(f"no step ended within {seconds:.0f} seconds, so nothing was saved; {_state.told()}")
    _end_at_once(128 + number)


def _tell(words: str) -> None:
    from yowo.commands.log_lines import is_first_process

    if is_first_process():
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.write(f"interrupted: {' '.join(words.split())}\n")


def _end(code: int) -> NoReturn:
    """End the process as Python does, but without the seconds in which it takes the libraries down."""
    with suppress(BaseException):
        atexit._run_exitfuncs()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(code)


def _end_at_once(code: int) -> NoReturn:
    for child in _children():
        with suppress(OSError):
            os.kill(child, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    os._exit(code)


def _children() -> list[int]:
    """Return the ids of the processes that this one has started, as far as the system tells."""
    found: set[int] = set()
    processes: Any = sys.modules.get("multiprocessing")
    if processes is not None:
        with suppress(Exception):
            found = {child.pid for child in processes.active_children()}
    for tasks in Path("/proc/self/task").glob("*/children"):  # Linux
        with suppress(OSError):
            found |= set(map(int, tasks.read_text().split()))
    return sorted(found)


def _pipe_is_closed(error: BaseException) -> bool:
    """Return whether a command failed because nobody reads its output any more."""
    cause = error.__context__ if isinstance(error, SystemExit) else error  # Rich exits with code 1 in this case
    return isinstance(cause, BrokenPipeError)


def _write_nowhere() -> None:
    """Send stdout to the null device: what is left in its buffer must not fail again when Python ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
