"""Records in its folder how a training runs and ends, whatever ends it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from yowo.commands.interruption import exit_code
from yowo.commands.log_lines import is_first_process
from yowo.errors import PrunedError, YowoError
from yowo.reports import run_status
from yowo.reports.run_status import RunStatus, ended, started, write_status

WORDS = (YowoError, HydraException, OmegaConfBaseException)
"""Errors whose message is meant for the user; of others the class is named too."""


class Outcome:
    """What a job tells about itself while it runs.

    Attributes:
        score: Best value of the monitored metric, once it is known.
    """

    def __init__(self) -> None:
        """Start without a score."""
        self.score: float | None = None


@contextmanager
def recorded(folder: Path) -> Iterator[Outcome]:
    """Keep status.json in a run's folder up to date while the block runs; the block's error is not changed.

    Args:
        folder: The folder of the run.

    Yields:
        Where the block puts its score.

    Raises:
        YowoError: The file cannot be written when the run begins.
    """
    outcome = Outcome()
    if not is_first_process():
        yield outcome
        return
    status = started()
    write_status(folder, status)
    try:
        yield outcome
    except BaseException as error:
        state, reason = _of(error)
        _end(folder, ended(status, state, reason))
        raise
    _end(folder, ended(status, run_status.DONE, score=outcome.score))


def one_line(error: BaseException) -> str:
    """Return an error as a reason: its message, with the name of its class unless the message is meant for users."""
    message = " ".join(str(error).split())
    if isinstance(error, WORDS):
        return message
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _of(error: BaseException) -> tuple[str, str]:
    """Return the state and the reason of a run that an error ends."""
    if isinstance(error, PrunedError):
        return run_status.PRUNED, str(error)
    if (code := exit_code()) is not None:
        return run_status.INTERRUPTED, f"by {signal.Signals(code - 128).name}"
    if isinstance(error, KeyboardInterrupt):
        return run_status.INTERRUPTED, "by SIGINT"
    if isinstance(error, SystemExit):
        return run_status.FAILED, f"ended with exit code {error.code}"
    return run_status.FAILED, one_line(error)


def _end(folder: Path, status: RunStatus) -> None:
    with suppress(YowoError, OSError):  # the disk may be full, which is what ends the run
        write_status(folder, status)
