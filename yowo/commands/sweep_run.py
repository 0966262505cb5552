"""Runs the jobs of a sweep with Hydra's sweeper and launcher, and tells at the end which ones failed."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import HydraException
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, OmegaConf

from yowo.commands.interruption import if_interrupted, shielded, was_interrupted
from yowo.commands.job_record import one_line
from yowo.commands.log_lines import log_error
from yowo.commands.sweep_job import BASIC, STOP, SweepJob
from yowo.commands.sweep_plugins import register
from yowo.errors import ConfigError, YowoError
from yowo.reports.run_status import (
    DONE,
    FAILED,
    GONE,
    INTERRUPTED,
    PRUNED,
    STATUS,
    RunStatus,
    read_status,
    write_status,
)

log = logging.getLogger(__name__)
SOME_FAILED = 1
"""Exit code of a sweep of which a job failed."""
LOOK = 0.2
"""Seconds between two looks for a signal."""
ON_A_CLUSTER = "SlurmLauncher"
"""Ending of the launchers whose jobs stay in a queue when this process ends."""


def run_sweep(hydra: Hydra, root: str, overrides: Sequence[str], job: SweepJob) -> None:
    """Run a sweep whose jobs have been checked.

    Args:
        hydra: Hydra, within the `with` block of a `composer`.
        root: Name of the root configuration.
        overrides: The overrides of the sweep.
        job: Runs one job.

    Raises:
        ConfigError: The sweeper or launcher has invalid settings.
        SystemExit: A job failed; the failed ones are listed.
    """
    register()
    config = hydra.compose_config(root, [*overrides, "hydra.mode=MULTIRUN"], RunMode.MULTIRUN, from_shell=False)
    callbacks = Callbacks(config)
    callbacks.on_multirun_start(config=config, config_name=root)
    folder, launcher = Path(config.hydra.sweep.dir), str(config.hydra.launcher._target_)
    job.jobs = jobs_at_once(config.hydra.launcher)
    context = HydraContext(config_loader=hydra.config_loader, callbacks=callbacks)
    with suppress(OSError):
        (folder / STOP).unlink(missing_ok=True)
    ended_early: YowoError | None = None
    with (
        if_interrupted(lambda: _how_to_go_on(folder, launcher)),
        _stopped_together(folder, launcher),
        _waited_for(launcher),
    ):
        try:
            sweeper: Any = Plugins.instance().instantiate_sweeper(
                config=config, hydra_context=context, task_function=job
            )
            sweeper.sweep(arguments=OmegaConf.to_container(config.hydra.overrides.task, resolve=False))
        except HydraException as error:
            raise ConfigError(str(error)) from error
        except YowoError as error:
            ended_early = error
        except Exception as error:  # of a launcher: a worker was killed, a cluster refused the jobs
            ended_early = YowoError(f"hydra/launcher: {one_line(error)}")
            if not was_interrupted():
                log.debug("the launcher failed", exc_info=error)
    callbacks.on_multirun_end(config=config, config_name=root)
    _tell_the_end(folder, ended_early)


def _how_to_go_on(folder: Path, launcher: str) -> str:
    """Say how to go on with an interrupted sweep."""
    if launcher.endswith(ON_A_CLUSTER):
        return f"the jobs stay in the queue (squeue, scancel); yowo report {folder} shows them"
    return f"the same command with hydra.sweep.dir={folder} resume=auto goes on with the sweep"


def jobs_at_once(launcher: DictConfig) -> int:
    """Return how many jobs share the cores of one machine, as far as the launcher's settings tell."""
    count = launcher.get("n_jobs")
    if not isinstance(count, int):
        return 1
    return count if count > 0 else max(1, (os.cpu_count() or 1) + 1 + count)


@contextmanager
def _stopped_together(folder: Path, launcher: str) -> Iterator[None]:
    """Let a signal end the jobs in processes of their own first: they save, and the launcher sees them end.

    Raises:
        Interrupted: A signal came; raised when the jobs have ended.
    """
    if launcher == BASIC or launcher.endswith(ON_A_CLUSTER):  # jobs in this process; jobs that need no process here
        yield
        return
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(folder, over), daemon=True)
    watch.start()
    try:
        with shielded():
            yield
    finally:
        over.set()
        watch.join()
        with suppress(OSError):
            (folder / STOP).unlink(missing_ok=True)


def _watch(folder: Path, over: threading.Event) -> None:
    """Write `STOP` when this process is asked to end."""
    while not over.wait(LOOK):
        if was_interrupted():
            with suppress(OSError):
                (folder / STOP).touch()
            return


@contextmanager
def _waited_for(launcher: str) -> Iterator[None]:
    """Let submitit's launchers wait for every job, also after one was killed; end joblib's idle workers at once."""
    if "joblib" in launcher:
        try:
            yield
        finally:  # an interrupted command would wait minutes for them
            import_module("joblib.externals.loky").get_reusable_executor().shutdown(kill_workers=True)
        return
    if "submitit" not in launcher:
        yield
        return
    kind: Any = import_module("submitit").Job
    usual: Callable[[Any], list[Any]] = kind.results

    def results(job: Any) -> list[Any]:
        try:
            return usual(job)
        except Exception as error:  # what the job's process left behind, if it left anything
            made = JobReturn()
            made.return_value, made.status = None, JobStatus.COMPLETED  # its folder says that it failed
            log.debug("%s", error)
            return [made]

    kind.results = results
    try:
        yield
    finally:
        kind.results = usual


def statuses(folder: Path) -> dict[Path, RunStatus]:
    """Return the status of every job in a sweep's folder that has begun, in the order of their names."""
    found = {}
    for path in sorted(folder.rglob(STATUS), key=lambda p: [(len(part), part) for part in p.parts]):
        if (status := read_status(path.parent)) is not None:
            found[path.parent] = status
    return found


def _tell_the_end(folder: Path, error: YowoError | None) -> None:
    """Tell how a sweep went.

    Raises:
        YowoError: The sweeper or launcher failed before any job began.
        SystemExit: A job failed or did not come to its end, or the launcher failed.
    """
    found = statuses(folder)
    if error is not None and not found:
        raise error
    for place, status in found.items():
        if status.reason == GONE:  # nobody else could record it
            with suppress(YowoError, OSError):
                write_status(place, status)
    bad = {place: status for place, status in found.items() if status.state in (FAILED, INTERRUPTED)}
    if error is not None:
        log_error(error)
    if was_interrupted():
        return
    counts = {state: sum(s.state == state for s in found.values()) for state in (DONE, PRUNED, FAILED, INTERRUPTED)}
    log.info("%s", ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "no job has begun")
    for place, status in bad.items():
        log_error(YowoError(f"{place}: {status.state}{f': {status.reason}' if status.reason else ''}"))
    log.info("yowo report %s shows all", folder)
    if bad or error is not None:
        sys.exit(SOME_FAILED)
