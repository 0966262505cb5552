"""How a run is: status.json in its folder, which says whether it runs, how it ended, and why."""

import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from yowo.process_life import is_alive, process_began
from yowo.whole_file import whole_file

STATUS = "status.json"
RUNNING, DONE, FAILED, INTERRUPTED, PRUNED = "running", "done", "failed", "interrupted", "pruned"
STATES = (RUNNING, DONE, FAILED, INTERRUPTED, PRUNED)
GONE = "its process ended without a word: killed, most often because memory was short"
LONGEST_REASON = 400
"""Characters."""


@dataclass(frozen=True, slots=True)
class RunStatus:
    """The state of a run.

    Attributes:
        state: One of `STATES`.
        reason: Why it failed, was interrupted or was pruned; empty otherwise.
        score: Best value of the monitored metric; None before the end, and without a validation.
        host: Name of the machine.
        process: Number of the process.
        began: When the process began, in the clock of its machine; empty where the system does not tell.
        started: Time in UTC.
        ended: Time in UTC; empty while it runs.
    """

    state: str
    reason: str = ""
    score: float | None = None
    host: str = ""
    process: int = 0
    began: str = ""
    started: str = ""
    ended: str = ""

    @property
    def is_at_work(self) -> bool | None:
        """Whether the process of a running run is there; None if it is on another machine, which cannot be asked."""
        if self.state != RUNNING:
            return False
        if self.host != socket.gethostname():
            return None
        return is_alive(self.process, self.began)


def started() -> RunStatus:
    """Return the status of a run that this process begins."""
    here = os.getpid()
    return RunStatus(
        RUNNING, host=socket.gethostname(), process=here, began=process_began(here), started=_now()
    )  # fmt: skip


def ended(status: RunStatus, state: str, reason: str = "", score: float | None = None) -> RunStatus:
    """Return the status of a run that ends.

    Args:
        status: Its status until now.
        state: How it ends, one of `STATES`.
        reason: Why; made one line, and shortened if it is very long.
        score: Best value of the monitored metric.
    """
    line = " ".join(reason.split())
    if len(line) > LONGEST_REASON:
        line = f"{line[: LONGEST_REASON - 1]}…"
    return replace(status, state=state, reason=line, score=score, ended=_now())


def write_status(folder: Path, status: RunStatus) -> None:
    """Write status.json into a run's folder.

    Raises:
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / STATUS) as unfinished:
        unfinished.write_text(json.dumps(asdict(status), indent=1), encoding="utf-8")


def read_status(folder: Path) -> RunStatus | None:
    """Return the status of a run.

    Returns:
        What status.json says, but failed if it says running and the process is gone; None without such a file, or if it
        is damaged.
    """
    found: Any = None
    with suppress(OSError, ValueError):
        found = json.loads((folder / STATUS).read_text(encoding="utf-8"))
    if not isinstance(found, Mapping) or found.get("state") not in STATES:
        return None
    known = {name: found[name] for name in RunStatus.__slots__ if name in found}
    status = RunStatus(**known)
    if status.state == RUNNING and status.is_at_work is False:
        return replace(status, state=FAILED, reason=GONE)
    return status


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
