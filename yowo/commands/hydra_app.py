"""Runs a command with Hydra: checks the overrides, reports an error in one line, then runs the job or the sweep."""

import contextlib
import gc
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra._internal.callbacks import Callbacks
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import run_job
from hydra.errors import HydraException
from hydra.main import _get_rerun_conf
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from yowo.commands import completion
from yowo.commands.command_line import CommandLine, read_command_line
from yowo.commands.job_record import recorded
from yowo.commands.log_lines import log_error
from yowo.commands.main import EXIT_USER_ERROR
from yowo.commands.sweep_job import SWEEP, SweepJob, start_of_command
from yowo.commands.sweep_run import run_sweep
from yowo.commands.sweeps import read_overrides, several_values, sweep_jobs
from yowo.config.compose import complete_and_check, compose_checked, in_our_words
from yowo.config.search_path import composer
from yowo.errors import ConfigError, PrunedError, YowoError

log = logging.getLogger(__name__)
Task = Callable[[DictConfig], Any]
RECORDED = ("train",)
"""Commands whose runs keep a status.json."""


def run_hydra(command: str, task: Task, arguments: Sequence[str], check: Callable[[DictConfig], None]) -> None:
    """Check the arguments, then run the task once, or once per job of a sweep; or show what a flag asks for.

    Without a sweep the configuration is composed only once, so the task gets the checked configuration.

    Args:
        command: Name of the root configuration; `--config-name` names another one.
        task: Called with the composed configuration.
        arguments: Arguments after the verb: overrides, and the flags of Hydra's own command line.
        check: Further checks of a configuration, before anything is read.

    Raises:
        YowoError: An override or value is invalid; nothing was read or written.
    """
    line = read_command_line(command, arguments)
    root = line.flags.config_name or command
    if line.flags.experimental_rerun is not None:
        _job(command, task)(_rerun(line.flags.experimental_rerun))
        return
    _check_flags(line)
    with composer(command, line.folders) as hydra:
        if line.shows:
            _show(hydra, root, line)
            return
        if not line.flags.multirun and not _sweeps(hydra, root, line):
            config = in_our_words(root, line.overrides, lambda: _composed(hydra, root, line.overrides, RunMode.RUN))
            if config.hydra.mode is not RunMode.MULTIRUN:
                complete_and_check(config)
                checked(check, config)
                _run_once(hydra, config, _job(command, task))
                return
        job = SweepJob(_as_typed(task), start_of_command(command), line.flags_of_a_run)
        _run_sweep(hydra, root, line.overrides, job, check)


def jobs(command: str, arguments: Sequence[str], root: str = "train") -> list[DictConfig]:
    """Compose and check the jobs of a command line of a command that runs no Hydra job, such as `yowo info -m`.

    Args:
        command: The command, for messages.
        arguments: Flags and overrides.
        root: Name of the root configuration; `--config-name` names another one.

    Returns:
        One configuration; with -m one for each combination of the swept values.

    Raises:
        YowoError: An override or value is invalid, or has several values without -m.
    """
    line = read_command_line(command, arguments)
    root = line.flags.config_name or root
    with composer(root, line.folders) as hydra:
        if not line.flags.multirun and not _sweeps(hydra, root, line):
            return [compose_checked(root, line.overrides)]
        return [compose_checked(root, job) for job in _jobs(hydra, root, line.overrides)]


def checked(check: Callable[[DictConfig], None], config: DictConfig) -> None:
    """Check a configuration.

    Raises:
        YowoError: A value is invalid, or a key that the command needs is not in a user's own configuration.
    """
    try:
        check(config)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(str(error).partition("\n")[0]) from error


def _run_once(hydra: Hydra, config: DictConfig, job: Task) -> None:
    """Run a composed job as Hydra does, with its run folder, log file, .hydra records and callbacks."""
    config.hydra.mode = RunMode.RUN
    if sweep := os.environ.get(SWEEP):  # a job in a process of its own, which belongs to a sweep as any other
        config.hydra.mode, config.hydra.sweep.dir = RunMode.MULTIRUN, sweep
    callbacks = Callbacks(config)
    callbacks.on_run_start(config=config, config_name=config.hydra.job.config_name)
    done = run_job(
        task_function=job,
        config=config,
        job_dir_key="hydra.run.dir",
        job_subdir_key=None,
        hydra_context=HydraContext(config_loader=hydra.config_loader, callbacks=callbacks),
    )
    callbacks.on_run_end(config=config, config_name=config.hydra.job.config_name, job_return=done)
    _ = done.return_value  # raises what the job raised


def _run_sweep(
    hydra: Hydra, root: str, overrides: list[str], job: SweepJob, check: Callable[[DictConfig], None]
) -> None:
    """Check the jobs of a sweep, then run them."""
    for values in _jobs(hydra, root, overrides):
        checked(check, compose_checked(root, values))
    run_sweep(hydra, root, [o for o in overrides if not o.startswith("hydra.mode=")], job)


def _jobs(hydra: Hydra, root: str, overrides: list[str]) -> list[list[str]]:
    """Return the overrides of the jobs that Hydra's sweeper makes of a command line."""
    read_overrides(overrides, hydra.config_loader)
    config = in_our_words(root, overrides, lambda: _composed(hydra, root, overrides, RunMode.MULTIRUN))
    return sweep_jobs(config, hydra.config_loader)


def _sweeps(hydra: Hydra, root: str, line: CommandLine) -> bool:
    """Return whether overrides with several values are a sweep, because a configuration sets hydra.mode=MULTIRUN.

    Raises:
        ConfigError: They are not, or an override cannot be read.
    """
    swept = several_values(read_overrides(line.overrides, hydra.config_loader))
    if swept is None:
        return False
    if hydra.get_mode(root, line.overrides) is RunMode.MULTIRUN:
        return True
    raise ConfigError(f"{swept.input_line}: several values need -m, as in yowo {root} -m {swept.input_line}")


def _composed(hydra: Hydra, root: str, overrides: list[str], mode: RunMode) -> DictConfig:
    return hydra.compose_config(root, overrides, mode, from_shell=False)


def _job(command: str, task: Task) -> Task:
    """Return a task that records how it ends, and reports an error of the user in one line."""
    typed = _as_typed(task)

    def job(config: DictConfig) -> Any:
        try:
            if command not in RECORDED:
                return typed(config)
            with recorded(Path(HydraConfig.get().runtime.output_dir)) as outcome:
                score = typed(config)
                outcome.score = score if isinstance(score, float) else None
            return score
        except PrunedError as error:
            log.info("pruned: %s", error)
        except (YowoError, HydraException, OmegaConfBaseException) as error:
            log_error(error if isinstance(error, YowoError) else ConfigError(str(error)))
            sys.exit(EXIT_USER_ERROR)
        except BrokenPipeError:
            sys.exit(EXIT_USER_ERROR)  # `interruptible` sees why; Hydra would print the overrides

    return job


def _as_typed(task: Task) -> Task:
    """Return a task that finds the command line as it was typed, and frees its memory for the next job."""
    typed = sys.argv

    def job(config: DictConfig) -> Any:
        sys.argv = typed
        try:
            return task(config)
        finally:
            gc.collect()  # a Trainer and its parts form reference cycles

    return job


def _show(hydra: Hydra, root: str, line: CommandLine) -> None:
    """Show help, the configuration, facts about it, or what completes a word in a shell; as Hydra does.

    Raises:
        ConfigError: The overrides are invalid, or there is no such part of the configuration.
    """
    flags, overrides = line.flags, line.overrides
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            in_our_words(root, overrides, lambda: _shown(hydra, root, line))
    except SystemExit as end:  # how Hydra ends where a package is not there
        if end.code:
            raise ConfigError(f"--package {flags.package}: {said.getvalue()}") from end
    except ValueError as error:
        raise ConfigError(f"{' '.join(line.words())}: {error}") from error
    sys.stderr.write(said.getvalue())


def _check_flags(line: CommandLine) -> None:
    """Check that flags go together.

    Raises:
        ConfigError: They do not, as Hydra has it.
    """
    flags = line.flags
    chosen = {"--run": flags.run, "--multirun": flags.multirun, "--cfg": flags.cfg, "--info": flags.info}
    given = [name for name, value in (chosen | {"--shell-completion": flags.shell_completion}).items() if value]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)}: give only one of them")
    if flags.resolve and not flags.cfg and not flags.help:
        raise ConfigError("--resolve: goes with --cfg, as in --cfg job --resolve")


def _shown(hydra: Hydra, root: str, line: CommandLine) -> None:
    flags, overrides = line.flags, list(line.overrides)
    if flags.help:
        hydra.app_help(root, get_args_parser(), flags)
    elif flags.hydra_help:
        hydra.hydra_help(root, get_args_parser(), flags)
    elif flags.cfg:
        hydra.show_cfg(root, overrides, flags.cfg, flags.package, flags.resolve)
    elif flags.info:
        hydra.show_info(flags.info, root, overrides)
    else:
        completion.run(overrides)


def _rerun(path: str) -> DictConfig:
    """Load the configuration that `--experimental-rerun` names, which Hydra's pickling callback wrote."""
    try:
        return _get_rerun_conf(path, [])
    except (ValueError, OSError) as error:
        raise ConfigError(f"--experimental-rerun {path}: {error}") from error
