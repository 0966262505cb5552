"""The end of a job's run in Weights & Biases: with the right exit code, and an alert if it failed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from yowo.commands.interruption import exit_code
from yowo.errors import PrunedError

FAILED, CTRL_C = 1, 130
"""Exit codes of runs in W&B, which shows any but 0 as failed."""
MOST_OF_AN_ALERT = 500
"""Characters of the error in an alert."""


@contextmanager
def ends_wandb_run() -> Iterator[None]:
    """End the W&B run that the block has started, whatever ends the block, so that the next job has its own.

    A run that fails is marked so, and W&B sends an alert with the error; so is one that a signal or Ctrl-C ends, with
    the exit code of the signal. A pruned one is complete. Nothing is done, and W&B is not imported, if
    the block has not started a run.
    """
    try:
        yield
    except PrunedError:
        _end(0)
        raise
    except BaseException as error:
        signalled = exit_code() or (CTRL_C if isinstance(error, KeyboardInterrupt) else None)
        if signalled is not None:
            _end(signalled, "training was interrupted", "WARN", f"exit code {signalled}")
        else:
            words = " ".join(str(error).split())
            _end(FAILED, "training failed", "ERROR", f"{type(error).__name__}: {words}"[:MOST_OF_AN_ALERT])
        raise
    _end(0)


def _end(code: int, problem: str | None = None, level: str = "", words: str = "") -> None:
    """Finish the run of this process; what W&B cannot do must not hide why the job ended."""
    wandb: Any = sys.modules.get("wandb")
    run = None if wandb is None else wandb.run
    if run is None:
        return
    if problem is not None:
        with suppress(Exception):
            run.alert(title=problem, text=f"{run.name}: {words}", level=level)
    with suppress(Exception):
        run.finish(exit_code=code)
