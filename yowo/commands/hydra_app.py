"""Runs a command with Hydra: checks the overrides, reports an error in one line, then runs the job or the sweep."""

import gc
import sys
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import hydra
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import run_job
from hydra.errors import OverrideParseException
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from yowo.commands.log_lines import log_error
from yowo.commands.main import EXIT_USER_ERROR
from yowo.config.compose import compose_checked, compose_config, composer, override_value, spelled_out
from yowo.config.conf_files import conf_dir
from yowo.config.from_data import complete
from yowo.errors import ConfigError, YowoError

Task = Callable[[DictConfig], Any]
MAX_CHECKED = 256
"""Most jobs of a sweep that are checked before the first one starts."""


def run_hydra(command: str, task: Task, arguments: Sequence[str], check: Callable[[DictConfig], None]) -> None:
    """Check the arguments, then run the task once, or once per job of a sweep.

    Without a sweep the configuration is composed only once, so the task gets the checked configuration.

    Args:
        command: Name of the root configuration.
        task: Called with the composed configuration.
        arguments: Arguments after the verb.
        check: Further checks of a configuration, before anything is read.

    Raises:
        YowoError: An override or value is invalid; nothing was read or written.
    """
    arguments = spelled_out(arguments)
    typed = sys.argv

    def job(config: DictConfig) -> Any:
        sys.argv = typed
        try:
            return task(config)
        except YowoError as error:
            log_error(error)
            sys.exit(EXIT_USER_ERROR)
        finally:
            gc.collect()  # a Trainer and its parts form reference cycles; free their memory for the next job

    if not any(argument.startswith("-") for argument in arguments) and not is_sweep(arguments):
        (overrides,) = jobs(arguments)
        with composer(command):
            config = compose_checked(command, overrides, with_hydra=True)
            check(config)
            _run_once(config, job)
        return
    for overrides in [] if only_shown(arguments) else jobs(arguments):
        check(compose_config(command, overrides))

    def completed(config: DictConfig) -> Any:
        complete(config)
        return job(config)

    sys.argv = [typed[0], *arguments]  # Hydra needs it without the verb, processes that Lightning starts with it
    hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name=command)(completed)()


def _run_once(config: DictConfig, job: Task) -> None:
    """Run a composed job as Hydra does, with its run folder, log file, .hydra records and callbacks."""
    loaded = GlobalHydra.instance().hydra
    if loaded is None:
        raise RuntimeError("Hydra is not initialized")
    callbacks = Callbacks(config)
    callbacks.on_run_start(config=config, config_name=config.hydra.job.config_name)
    done = run_job(
        task_function=job,
        config=config,
        job_dir_key="hydra.run.dir",
        job_subdir_key=None,
        hydra_context=HydraContext(config_loader=loaded.config_loader, callbacks=callbacks),
    )
    callbacks.on_run_end(config=config, config_name=config.hydra.job.config_name, job_return=done)
    _ = done.return_value  # raises what the job raised


def is_sweep(arguments: Sequence[str]) -> bool:
    """Return whether a command line runs several jobs, because of -m, hydra.mode or a file of conf/sweep."""
    flagged = any(a in ("-m", "--multirun") or a.upper() == "HYDRA.MODE=MULTIRUN" for a in arguments)
    return flagged or bool(sweep_params(override_value([a for a in arguments if not a.startswith("-")], "sweep")))


def only_shown(arguments: Sequence[str]) -> bool:
    """Return whether a command line only shows help or the configuration and runs no job."""
    return any(a in ("--help", "-h", "--hydra-help", "--cfg", "-c", "--info", "-i") for a in arguments)


def jobs(arguments: Sequence[str]) -> list[list[str]]:
    """Return the overrides of every job of a command line.

    Args:
        arguments: Arguments after the verb; flags are ignored.

    Returns:
        One list of overrides without -m; with -m one for each combination of the swept values.

    Raises:
        ConfigError: An override cannot be parsed, or has several values without -m.
    """
    overrides = [a for a in arguments if not a.startswith("-")]
    swept_params = sweep_params(override_value(overrides, "sweep"))
    named = {o.split("=")[0] for o in overrides}
    overrides += [f"{key}={value}" for key, value in swept_params.items() if key not in named]
    try:
        parsed = OverridesParser.create().parse_overrides(overrides)
    except OverrideParseException as error:
        raise ConfigError(f"{error.override}: expected an override key=value ({error})") from error
    if not swept_params and not any(a in ("-m", "--multirun") for a in arguments):
        swept = next((o for o in parsed if o.is_sweep_override()), None)
        if swept is not None:
            raise ConfigError(f"{swept.input_line}: several values need -m, as in yowo train -m {swept.input_line}")
        return [overrides]
    ways = [
        [f"{o.get_key_element()}={value}" for value in o.sweep_string_iterator()]
        if o.is_sweep_override()
        else [str(o.input_line)]
        for o in parsed
        if not str(o.key_or_group).startswith("hydra")
    ]
    return [list(job) for _, job in zip(range(MAX_CHECKED), product(*ways), strict=False)]


def sweep_params(name: str | None) -> dict[str, str]:
    """Return the swept values of conf/sweep/NAME.yaml by key; empty without a name or if there is no such file."""
    path = conf_dir() / "sweep" / f"{name}.yaml"
    if name is None or not path.is_file():
        return {}
    params: Any = OmegaConf.select(OmegaConf.load(path), "hydra.sweeper.params")
    return {} if params is None else {str(key): str(value) for key, value in params.items()}
