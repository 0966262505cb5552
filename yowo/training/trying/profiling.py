"""Profiles of training and evaluation: what takes the time, as a table in the log and files in the run's folder."""

import cProfile
import logging
import math
import pstats
import time
from abc import abstractmethod
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from lightning.pytorch.profilers import Profiler, SimpleProfiler

from yowo.whole_file import whole_file

log = logging.getLogger(__name__)
SHOWN = 12
"""Lines of a profile that are logged; its file has all."""
WIDTH = 78
"""Characters of a line."""
BATCH = "run_training_batch"
"""Lightning's name of a training step with all that belongs to it."""

WHOLE_STEP = "ProfilerStep*"
"""PyTorch's name of what a step does outside its operations."""


class RunProfile(Profiler):
    """A profiler that writes `profile_<stage>.txt` into a folder, logs its beginning, and tells where the files are."""

    def __init__(self, folder: str) -> None:
        """Store where to write.

        Args:
            folder: The run's folder.
        """
        super().__init__()
        self.folder = Path(folder)

    def describe(self) -> None:
        """Write and log the profile of a stage, in the first process only; Lightning calls this when the stage ends.

        Raises:
            YowoError: A file cannot be written.
        """
        text = self.summary()
        if rank_zero_only.rank == 0 and text:  # type: ignore[attr-defined]
            lines = text.splitlines()
            files = [self._file("profile", "txt"), *self.write_more()]
            with whole_file(files[0]) as unfinished:
                unfinished.write_text("\n".join([*lines, ""]))
            log.info("%s", "\n".join(lines[: SHOWN + 2]))
            log.info("the whole profile is in %s", " and ".join(map(str, files)))
        self.teardown(self._stage)

    def write_more(self) -> list[Path]:
        """Write what belongs to a profile beside its table, and return the files."""
        return []

    @abstractmethod
    def summary(self) -> str:
        """Return the table, most expensive lines first after two lines of heading; empty if nothing was recorded."""

    def _file(self, name: str, ending: str) -> Path:
        return self.folder / f"{name}_{getattr(self._stage, 'value', 'run')}.{ending}"


class PartTimes(RunProfile, SimpleProfiler):
    """Seconds of each part of a run: loading, transfer, steps, callbacks; a part contains those that it calls."""

    def summary(self) -> str:
        """Return seconds, share of the whole time, calls and name of each part."""
        total = time.perf_counter() - self.start_time
        lines = [f"profile of {total:.1f} seconds: seconds, share, calls, part (a part contains those it calls)", ""]
        parts = [(math.fsum(each), len(each), name) for name, each in self.recorded_durations.items()]
        for seconds, calls, name in sorted(parts, reverse=True):
            lines.append(f"{seconds:9.2f} {seconds / total:6.1%} {calls:7d}  {name.partition('{')[0]}"[:WIDTH])
        self.recorded_durations.clear()
        self.start_time = time.perf_counter()
        return "\n".join(lines) if parts else ""


class FunctionTimes(RunProfile):
    """Seconds of each Python function; `profile_<stage>.prof` is for viewers such as snakeviz."""

    def __init__(self, folder: str) -> None:
        """Store where to write, see `RunProfile`."""
        super().__init__(folder)
        self._profile: cProfile.Profile | None = None
        self._last: cProfile.Profile | None = None

    def start(self, action_name: str) -> None:
        """Begin with the first part of a stage."""
        if self._profile is None:
            self._profile = cProfile.Profile()
            self._profile.enable()

    def stop(self, action_name: str) -> None:
        """Go on: the functions of all parts are counted together."""

    def summary(self) -> str:
        """Return calls, own seconds, seconds with callees, and name of each function, by own seconds."""
        if self._profile is None:
            return ""
        self._profile.disable()
        self._last, self._profile = self._profile, None
        stats: Any = pstats.Stats(self._last)
        lines = [f"profile of {stats.total_tt:.1f} seconds: own seconds, with callees, calls, function", ""]
        for place, (_, calls, own, whole, _) in sorted(stats.stats.items(), key=lambda item: -item[1][2]):
            lines.append(f"{own:9.2f} {whole:9.2f} {calls:9d}  {_function(*place)}"[:WIDTH])
        return "\n".join(lines)

    def write_more(self) -> list[Path]:
        """Write the profile as Python's tools read it."""
        path = self._file("profile", "prof")
        with whole_file(path) as unfinished:
            pstats.Stats(self._last).dump_stats(unfinished)
        return [path]


class StepTrace(RunProfile):
    """Seconds of each operation of PyTorch in a few training steps, and their trace, for ui.perfetto.dev."""

    def __init__(self, folder: str, warmup: int = 1, steps: int = 3) -> None:
        """Store what to record.

        Args:
            folder: As in `RunProfile`.
            warmup: Training steps before the recorded ones.
            steps: Training steps that are recorded.
        """
        super().__init__(folder)
        self.warmup, self.steps = warmup, steps
        self._trace: torch.profiler.profile | None = None
        self._done = False

    def start(self, action_name: str) -> None:
        """Begin with the first training step."""
        if action_name == BATCH and self._trace is None and not self._done:
            self._trace = torch.profiler.profile(
                schedule=torch.profiler.schedule(wait=0, warmup=self.warmup, active=self.steps, repeat=1)
            )
            self._trace.start()

    def stop(self, action_name: str) -> None:
        """Count a training step."""
        if action_name == BATCH and self._trace is not None and not self._done:
            self._trace.step()
            self._done = self._trace.step_num == self.warmup + self.steps

    def summary(self) -> str:
        """Return own seconds, share, calls and name of each operation; empty if there were too few steps."""
        if self._trace is None:
            return ""
        self._trace.stop()
        if self._trace.step_num <= self.warmup:
            few = f"{self._trace.step_num} training steps are too few, give it at least {self.warmup + 1}"
            log.warning("profiler=pytorch: %s", few)
            return ""
        on_device = torch.cuda.is_available()
        key = "self_device_time_total" if on_device else "self_cpu_time_total"
        rows = [(getattr(event, key), event.count, event.key) for event in self._trace.key_averages()]
        rows = [row for row in rows if row[2] != WHOLE_STEP]
        total = sum(row[0] for row in rows) or 1
        steps = self._trace.step_num - self.warmup
        where = "the GPU" if on_device else "the CPU"
        lines = [f"profile of {steps} training steps on {where}: own milliseconds, share, calls, operation", ""]
        for micros, calls, name in sorted(rows, reverse=True):
            lines.append(f"{micros / 1000:9.2f} {micros / total:6.1%} {calls:7d}  {name}"[:WIDTH])
        return "\n".join(lines)

    def write_more(self) -> list[Path]:
        """Write the trace, in the format of Chrome."""
        path, trace = self._file("trace", "json"), self._trace
        if trace is None:
            return []
        with whole_file(path) as unfinished:
            trace.export_chrome_trace(str(unfinished))
        self._trace = None
        return [path]


def _function(file: str, line: int, name: str) -> str:
    """Return the name of a function with the end of its file's path, as far as a line has room."""
    return name if file == "~" else f"{'/'.join(Path(file).parts[-2:])}:{line} {name}"
