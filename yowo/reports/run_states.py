"""Runs without a result: those that run, failed, were interrupted or pruned, each with its reason."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from yowo.reports.run_settings import natural_order, read_settings
from yowo.reports.run_status import DONE, RUNNING, STATUS, RunStatus, read_status

STATE_COLUMNS = ("run", "settings", "state", "reason")
METRICS, LOG = "metrics.json", "train.log"
EPOCH = re.compile(r"INFO\s+(epoch \d+(?: of \d+)?)(?:, batch (\d+ of \d+))?: (.*)")
FIGURE = re.compile(r"(val/[^ ,]*map[^ ,]*) ([\d.e+-]+)")
END_OF_LOG = 16384
"""Bytes of a log in which the last epoch is looked for."""


@dataclass(frozen=True, slots=True)
class RunState:
    """One run without a result.

    Attributes:
        folder: Its folder.
        settings: Values by key, as of a finished run.
        state: running, failed, interrupted, pruned or done (without an evaluation).
        reason: Why; of a running one where it runs and how far it is, of a done one its score.
    """

    folder: Path
    settings: Mapping[str, str]
    state: str
    reason: str


def find_states(folders: Sequence[Path]) -> list[RunState]:
    """Return the runs without a result in or below some folders, in the order of their names (numbers as numbers)."""
    found: dict[Path, RunState] = {}
    for folder in folders:
        for path in sorted(folder.rglob(STATUS), key=natural_order):
            status = read_status(path.parent)
            if status is None or (status.state == DONE and (path.parent / METRICS).is_file()):
                continue
            found[path.parent.resolve()] = RunState(
                path.parent, read_settings(path.parent), status.state, _reason(path.parent, status)
            )
    return list(found.values())


def states_table(states: Sequence[RunState], keys: Sequence[str], top: Path) -> Table:
    """Make a table of runs without a result for a rich console.

    Args:
        states: The runs.
        keys: Settings to show.
        top: Folder that the names of the runs are shown below.
    """
    table = Table(header_style="bold")
    for name in STATE_COLUMNS:
        table.add_column(name)
    for line in state_lines(states, keys, top):
        table.add_row(*map(escape, line))
    return table


def state_lines(states: Sequence[RunState], keys: Sequence[str], top: Path) -> list[list[str]]:
    """Return the cells of `STATE_COLUMNS` for each run; arguments as in `states_table`."""
    lines = []
    for state in states:
        inside = state.folder.is_relative_to(top) and state.folder != top
        name = state.folder.relative_to(top) if inside else state.folder
        settings = ", ".join(f"{key}={state.settings[key]}" for key in keys if state.settings.get(key))
        lines.append([str(name), settings, state.state, state.reason])
    return lines


def states_markdown(states: Sequence[RunState], keys: Sequence[str], top: Path) -> str:
    """Return a table of runs without a result in Markdown; arguments as in `states_table`."""
    lines = [list(STATE_COLUMNS), ["---"] * len(STATE_COLUMNS), *state_lines(states, keys, top)]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _reason(folder: Path, status: RunStatus) -> str:
    if status.state == DONE:
        return "no evaluation" if status.score is None else f"no evaluation; best score {status.score:.4g}"
    if status.state != RUNNING:
        return status.reason
    where = f"on {status.host}, process {status.process}"
    if status.is_at_work is None:
        where += ", as far as this machine can tell"
    return ", ".join(part for part in (how_far(folder), where) if part)


def how_far(folder: Path) -> str:
    """Return the last epoch in a run's log, and the last mAP of a validation; empty if there is none yet."""
    try:
        with (folder / LOG).open("rb") as file:
            file.seek(max(0, (folder / LOG).stat().st_size - END_OF_LOG))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    epochs, figures = EPOCH.findall(text), FIGURE.findall(text)
    if not epochs:
        return ""
    epoch, batch, _ = epochs[-1]
    figure = f", {figures[-1][0]} {figures[-1][1]}" if figures else ""
    return f"{epoch}{f', batch {batch}' if batch else ''}{figure}"
