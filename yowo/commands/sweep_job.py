"""One job of a sweep: in this process with Hydra's own launcher, else in a process of its own, as a plain `yowo train`.

A process of its own gives its memory and GPU back, can be killed for want of memory without harm to the others, and has
one W&B run. Hydra has composed the job's configuration in the launcher's worker already; the process composes it again
from the overrides, as a user would type them, and the worker waits for its end.
"""

import logging
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig

from yowo.commands.job_gpu import gpu_of_job
from yowo.commands.job_record import one_line, recorded
from yowo.commands.log_lines import is_first_process, log_error
from yowo.config.from_data import complete
from yowo.config.path_values import quoted
from yowo.errors import PrunedError, YowoError
from yowo.reports.run_status import (
    DONE,
    FAILED,
    INTERRUPTED,
    PRUNED,
    RUNNING,
    RunStatus,
    ended,
    read_status,
    started,
    write_status,
)
from yowo.threads import PARALLEL_JOBS, chosen_by_user, without_counts

log = logging.getLogger(__name__)
SWEEP = "YOWO_SWEEP"
"""Environment variable with the folder of the sweep that a process is a job of."""
STOP = ".stop"
"""File in a sweep's folder: running jobs are to end, and no other may start."""
OUTPUT = "output.log"
"""What the process of a job printed."""
POLL = 0.5
"""Seconds between two looks at a job's process and at `STOP`."""
GRACE = 120.0
"""Seconds that a job has to save and end when it is asked to."""
OF_THE_SWEEP = (
    *(
        "hydra.mode",
        "hydra.run.dir",
        "hydra.sweep.",
        "hydra/launcher",
        "hydra.launcher",
        "hydra/sweeper",
        "hydra.sweeper",
    ),
)
"""Beginnings of Hydra's keys that a job does not get."""
BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"
"""`_target_` of Hydra's own launcher."""
PROGRAMS = ("yowo", "yowo-lightning")
"""Names of the scripts that start the commands."""
NO_SCORE = math.nan
"""What sweepers get from a job that failed, was interrupted or pruned."""


@dataclass
class SweepJob:
    """Runs one job of a sweep and records how it ends; an error of the job is not raised, so that the others run.

    Attributes:
        task: Called with the configuration of a job that runs in this process.
        start: The words that start the command, such as `python -m yowo train`, for jobs in processes of their own.
        flags: Flags for Hydra, such as `--config-dir=conf`.
        folder: Folder in which the command was typed.
        jobs: Jobs that run at the same time on one machine, which share its cores.
        threads_chosen: Whether the user chose the number of threads by a variable; launchers set such variables, too.
    """

    task: Callable[[DictConfig], Any] | None
    start: Sequence[str]
    flags: Sequence[str] = ()
    folder: str = field(default_factory=os.getcwd)
    jobs: int = 1
    threads_chosen: bool = field(default_factory=chosen_by_user)

    @property
    def sharing(self) -> int | None:
        """Jobs that share the cores; None if the user chose the number of threads."""
        return None if self.threads_chosen else self.jobs

    def __getstate__(self) -> dict[str, Any]:
        """Return what a launcher takes to its workers, which start processes and need no task."""
        return {**self.__dict__, "task": None}

    def __call__(self, config: DictConfig) -> float | None:
        """Run the job that Hydra has composed in this process.

        Returns:
            The best value of the monitored metric; `NO_SCORE` if the job did not come to its end.
        """
        hydra = HydraConfig.get()
        folder, sweep = Path(hydra.runtime.output_dir), Path(hydra.sweep.dir).absolute()
        if (sweep / STOP).exists():
            return NO_SCORE
        if hydra.launcher._target_ == BASIC and self.task is not None:
            return _run_here(self.task, config, folder)
        name = job_name(hydra.job.num, hydra.overrides.task)
        words = command_of_job(self.start, self.flags, hydra.overrides.task, hydra.overrides.hydra, folder)
        status = run_process(
            words, folder, sweep, name, cwd=self.folder, jobs=self.sharing, gpu=gpu_of_job(config, sweep)
        )
        return status.score if status.state == DONE else NO_SCORE


def _run_here(task: Callable[[DictConfig], Any], config: DictConfig, folder: Path) -> float | None:
    """Run a job in this process; an error is logged, with its traceback in the job's log if it is not the user's."""
    try:
        with recorded(folder) as outcome:
            complete(config)
            score = task(config)
            outcome.score = score if isinstance(score, float) else None
        return outcome.score
    except PrunedError as error:
        log.info("pruned: %s", error)
    except Exception as error:
        if isinstance(error, YowoError):
            log_error(error)
        else:
            log.exception("%s", one_line(error))
    except SystemExit as error:
        log.error("ended with exit code %s", error.code)
    return NO_SCORE


def start_of_command(command: str) -> list[str]:
    """Return the words that start a command as this process was started.

    Args:
        command: The verb, such as "train".
    """
    program = Path(sys.argv[0]) if sys.argv and sys.argv[0] else None
    if program is not None and program.stem in PROGRAMS and program.is_file():
        return [sys.executable, str(program.resolve()), command]
    return [sys.executable, "-m", "yowo", command]


def job_name(number: Any, overrides: Sequence[str]) -> str:
    """Return how a job is called in messages: its number, and what was typed for it."""
    return f"job {number} ({' '.join(overrides)})" if overrides else f"job {number}"


def command_of_job(
    start: Sequence[str], flags: Sequence[str], task: Sequence[str], hydra: Sequence[str], folder: Path
) -> list[str]:
    """Return the command line that runs one job of a sweep as a run of its own.

    Args:
        start: The words that start the command.
        flags: Flags for Hydra.
        task: The job's overrides.
        hydra: Overrides of Hydra's own keys; those that are about the sweep are left out.
        folder: Folder of the job.
    """
    parser = OverridesParser.create()
    kept = [o for o in hydra if not _key(parser, o).startswith(OF_THE_SWEEP)]
    return [*start, *flags, *task, *kept, "hydra.mode=RUN", f"hydra.run.dir={quoted(str(folder))}"]


def _key(parser: OverridesParser, override: str) -> str:
    return str(parser.parse_override(override).key_or_group)


def run_process(
    words: Sequence[str],
    folder: Path,
    sweep: Path,
    name: str,
    cwd: str,
    jobs: int | None = None,
    gpu: str | None = None,
) -> RunStatus:
    """Run a job in a process of its own, which lives no longer than this one, and wait for its end.

    Args:
        words: Its command line.
        folder: Its folder; what it prints goes into `OUTPUT` there.
        sweep: Folder of the sweep; when `STOP` appears in it, the process is asked to end.
        name: How the job is called in messages.
        cwd: Folder in which it runs.
        jobs: Jobs that share the machine's cores; None if the user chose the number of threads.
        gpu: The GPU that it may use; None: all that this process may use.

    Returns:
        How it ended.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first = is_first_process()
    if first:
        _say(f"{name}: begins")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal; the sweep itself tells by STOP
    with (folder / OUTPUT).open("ab", buffering=0) as output:
        process = subprocess.Popen(
            words,
            cwd=cwd,
            env=environment(os.environ, sweep, jobs, gpu),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        try:
            _wait(process, sweep)
        finally:  # also when the launcher of a cluster asks this process to end
            _end(process)
    status = how_it_ended(folder, process.pid, process.returncode)
    if first:
        _say(f"{name}: {in_words(status)}")
    return status


def environment(
    environ: Mapping[str, str], sweep: Path, jobs: int | None = None, gpu: str | None = None
) -> dict[str, str]:
    """Return the environment of a job's process: its share of the cores, and its GPU; arguments as in `run_process`."""
    shared = environ if jobs is None else {**without_counts(environ), PARALLEL_JOBS: str(jobs)}
    made = {**shared, SWEEP: str(sweep), "COLUMNS": "200"}
    return made if gpu is None else {**made, "CUDA_VISIBLE_DEVICES": gpu}


def how_it_ended(folder: Path, process: int, code: int) -> RunStatus:
    """Return how the process of a job ended, and record it where the process itself could not.

    Args:
        folder: The job's folder.
        process: The number that the process had.
        code: Its exit code; negative: the number of the signal that ended it.
    """
    status = read_status(folder)
    if status is not None and status.state in (DONE, PRUNED, INTERRUPTED) and (code == 0 or status.state != DONE):
        return status
    if status is not None and status.state == FAILED and status.ended:
        return status
    before = status if status is not None and status.state == RUNNING else started()
    return _recorded(folder, ended(before, FAILED, _reason(folder, code)))


def _reason(folder: Path, code: int) -> str:
    """Return why a process ended that did not say so itself: its last line, or the signal that killed it."""
    if code < 0:
        name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
        short = "; most often memory was short" if name == "SIGKILL" else ""
        return f"killed by {name}{short}"
    lines = [line.strip() for line in _tail(folder / OUTPUT).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error: ")]
    last = (errors or lines or [""])[-1].removeprefix("error: ")
    return last or f"ended with exit code {code}"


def _tail(path: Path, size: int = 8192) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _recorded(folder: Path, status: RunStatus) -> RunStatus:
    try:
        write_status(folder, status)
    except (YowoError, OSError) as error:
        _say(f"warning: {error}")
    return status


def in_words(status: RunStatus) -> str:
    """Return the state of a job in words, with its score or its reason."""
    if status.state == DONE:
        return DONE if status.score is None else f"{DONE}, {status.score:.4g}"
    return f"{status.state}: {status.reason}" if status.reason else status.state


def _wait(process: "subprocess.Popen[bytes]", sweep: Path) -> None:
    """Wait for the end of a process; if the sweep is to stop, end it."""
    while process.poll() is None and not (sweep / STOP).exists():
        with suppress(subprocess.TimeoutExpired):
            process.wait(POLL)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to save and end, and end it if it does not."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _die_with_parent() -> None:
    """Let the system send SIGTERM to this process when the one that started it is gone (Linux)."""
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
