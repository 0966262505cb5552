"""Many runs as one table: what differs between their configurations, and their results."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from yowo.errors import YowoError
from yowo.evaluation.metric_groups import mean_groups
from yowo.reports.number_text import number
from yowo.reports.run_settings import SEED, differing, natural_order, settings_of
from yowo.reports.run_states import RunState
from yowo.reports.run_status import DONE
from yowo.reports.score_figures import figure_name

COLUMNS = {
    "frame_map": ("0.5",),
    "video_map": ("0.5", "0.5:0.95"),
    "ava_map": ("official", "released_every_4th"),
}
"""Groups of metrics.json that come first, and their keys that are shown; other groups follow with all keys."""
OF_RUNS = ("seconds", "parameters", "latency")
"""Figures of a run that are no results of its evaluation."""


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run.

    Attributes:
        folder: Its folder.
        settings: Values by key: the overrides of the command line where those are known, else the whole configuration.
        results: Percent by the name of the figure, such as "frame-mAP@0.5".
        seconds: How long it took; NaN if that is not known.
        parameters: Of its network, in millions; NaN if that is not known.
        latency: Milliseconds of CPU time that detection takes a frame; NaN if that was not measured.
    """

    folder: Path
    settings: Mapping[str, str]
    results: Mapping[str, float]
    seconds: float
    parameters: float
    latency: float = math.nan


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs that differ in their seed only.

    Attributes:
        settings: Values of the columns of settings.
        runs: The runs.
    """

    settings: tuple[str, ...]
    runs: tuple[Run, ...]

    def mean(self, name: str) -> float:
        """Return the mean of a result over the runs that have it; NaN if none has."""
        values = self.values(name)
        return float(np.mean(values)) if values else math.nan

    def spread(self, name: str) -> float:
        """Return the standard deviation (n - 1) of a result; NaN with fewer than two runs."""
        values = self.values(name)
        return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan

    def values(self, name: str) -> list[float]:
        """Return a result, or one of `OF_RUNS`, of every run that has it."""
        every = [getattr(run, name) if name in OF_RUNS else run.results.get(name) for run in self.runs]
        return [value for value in every if value is not None and not math.isnan(value)]


@dataclass(frozen=True, slots=True)
class RunTable:
    """Rows of settings and results.

    Attributes:
        keys: Columns of settings: what differs between the runs, except the seed.
        names: Columns of results.
        rows: One for each combination of settings, in the order of the runs.
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    rows: tuple[RunGroup, ...]

    @property
    def timed(self) -> bool:
        """Whether detection was timed in some run."""
        return any(row.values("latency") for row in self.rows)


def find_runs(folders: Sequence[Path], may_be_none: bool = False) -> list[Run]:
    """Read every finished run in or below some folders.

    Args:
        folders: Folders of runs, of sweeps, or above them.
        may_be_none: Whether it is no error that there is none.

    Returns:
        The runs, in the order of their folders' names (numbers as numbers).

    Raises:
        YowoError: A folder is missing, no folder has a finished run, or a file cannot be read.
    """
    found: dict[Path, Run] = {}
    for folder in folders:
        if not folder.is_dir():
            raise YowoError(f"{folder}: there is no such folder of runs")
        for metrics in sorted(folder.rglob("metrics.json"), key=natural_order):
            if (metrics.parent / "config.yaml").is_file():
                found[metrics.parent.resolve()] = _read(metrics.parent)
    if not found and not may_be_none:
        raise YowoError(f"{', '.join(map(str, folders))}: no finished run is in it (a folder with metrics.json)")
    return list(found.values())


def tabulate(runs: Sequence[Run], others: Sequence[RunState] = ()) -> RunTable:
    """Make a table of runs; those that differ only in their seed share a row.

    Args:
        runs: The finished runs.
        others: Runs without a result, whose settings get columns too.
    """
    keys = differing([*(run.settings for run in runs), *(state.settings for state in others)])
    groups: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        groups.setdefault(tuple(run.settings.get(key, "") for key in keys), []).append(run)
    first = [figure_name(group, key) for group, keys in COLUMNS.items() for key in keys]
    having = dict.fromkeys(name for run in runs for name in run.results)
    names = (*(name for name in first if name in having), *(name for name in having if name not in first))
    return RunTable(keys, names, tuple(RunGroup(settings, tuple(group)) for settings, group in groups.items()))


def cells(table: RunTable) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a table as text: means in percent with their spread."""
    header = [*table.keys, "runs", *(f"{name} %" for name in table.names), "minutes", "M parameters"]
    header += ["CPU ms a frame"] if table.timed else []
    rows = []
    for row in table.rows:
        results = [_with_spread(row.mean(name), row.spread(name)) for name in table.names]
        minutes, parameters = row.mean("seconds") / 60, row.mean("parameters")
        latency = [_with_spread(row.mean("latency"), row.spread("latency"))] if table.timed else []
        last = [number(minutes, ".1f"), number(parameters, ".2f"), *latency]
        rows.append([*row.settings, str(len(row.runs)), *results, *last])
    return header, rows


def as_markdown(table: RunTable) -> str:
    """Return a table in Markdown, settings to the left, numbers to the right."""
    header, rows = cells(table)
    ruler = ["---"] * len(table.keys) + ["---:"] * (len(header) - len(table.keys))
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, ruler, *rows]) + "\n"


def as_csv(table: RunTable, others: Sequence[RunState] = ()) -> str:
    """Return one line for each run: settings, seed, results in percent, seconds, parameters, folder, state, reason.

    Args:
        table: The finished runs.
        others: Runs without a result, which follow.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    figures = OF_RUNS if table.timed else OF_RUNS[:2]
    named = ("seconds", "parameters_millions", "cpu_ms_a_frame")[: len(figures)]
    columns = (*table.keys, SEED, *table.names, *named, "folder", "state", "reason")
    writer.writerow(columns)
    for row in table.rows:
        for run in row.runs:
            results = [run.results.get(name, "") for name in table.names]
            numbers = ["" if math.isnan(value) else value for value in (getattr(run, name) for name in figures)]
            writer.writerow([*row.settings, run.settings.get(SEED, ""), *results, *numbers, run.folder, DONE, ""])
    for state in others:
        settings = [state.settings.get(key, "") for key in (*table.keys, SEED)]
        empty = [""] * (len(table.names) + len(figures))
        writer.writerow([*settings, *empty, state.folder, state.state, state.reason])
    return text.getvalue()


def _read(folder: Path) -> Run:
    try:
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        config: Any = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        record = json.loads((folder / "run.json").read_text()) if (folder / "run.json").is_file() else {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise YowoError(f"{folder}: a file of the run cannot be read ({error})") from error
    results = {
        figure_name(group, key): 100 * value
        for group, means in mean_groups(metrics).items()
        for key, value in means.items()
        if value is not None and key in COLUMNS.get(group, means)
    }
    seconds, parameters, latency = (float(record.get(k, math.nan)) for k in ("seconds", "parameters", "cpu_ms_a_frame"))
    return Run(folder, settings_of(folder, config), results, seconds, parameters / 1e6, latency)


def _with_spread(mean: float, spread: float) -> str:
    return number(mean, ".2f") + ("" if math.isnan(spread) else f" ± {spread:.2f}")
