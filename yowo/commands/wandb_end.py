"""The end of a job's run in Weights & Biases: with the right exit code, and an alert if it failed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from yowo.commands.interruption import was_interrupted

FAILED, INTERRUPTED = 1, 130
"""Exit codes of runs in W&B, which shows any but 0 as failed."""
MOST_OF_AN_ALERT = 500
"""Characters of the error in an alert."""


@contextmanager
def ends_wandb_run() -> Iterator[None]:
    """End the W&B run that the block has started, whatever ends the block, so that the next job has its own.

    A run that fails, or that a signal or Ctrl-C ends, is marked so, and W&B sends an alert with the error. Nothing is
    done, and W&B is not imported, if the block has not started a run.
    """
    try:
        yield
    except BaseException as error:
        interrupted = was_interrupted() or isinstance(error, KeyboardInterrupt)
        _end(INTERRUPTED if interrupted else FAILED, "interrupted" if interrupted else _words(error))
        raise
    _end(0, None)


def _end(code: int, problem: str | None) -> None:
    """Finish the run of this process; what W&B cannot do must not hide why the job ended."""
    wandb: Any = sys.modules.get("wandb")
    run = None if wandb is None else wandb.run
    if run is None:
        return
    with suppress(Exception):
        if problem == "interrupted":
            run.mark_preempting()
        if problem is not None:
            title = "training was interrupted" if problem == "interrupted" else "training failed"
            run.alert(title=title, text=f"{run.name}: {problem}", level="WARN" if code == INTERRUPTED else "ERROR")
    with suppress(Exception):
        run.finish(exit_code=code)


def _words(error: BaseException) -> str:
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}"[:MOST_OF_AN_ALERT]
