"""The entry of `yowo train`: checks what was typed; the job itself is in `yowo.commands.train`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from omegaconf import DictConfig

from yowo.commands.command_line import read_command_line
from yowo.commands.hydra_app import run_hydra
from yowo.commands.quick_start import job_begins
from yowo.commands.resuming import Start, rerun, resumed
from yowo.commands.run_folder import AUTO
from yowo.commands.starting_weights import check_weights
from yowo.config.checks import check_root
from yowo.errors import ConfigError

RERUN = "--rerun"


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo train`."""
    start = started(arguments)
    run_hydra("train", partial(job, before=start.before), start.arguments, check)


def started(arguments: Sequence[str]) -> Start:
    """Return how a command line starts a training: `resume=` and `--rerun` bring the configuration of another run.

    Raises:
        ConfigError, WeightsError: There is no such run, or `--rerun` has no folder.
    """
    folder, others = _taken(arguments)
    line = read_command_line("train", others)
    if line.flags.shell_completion:
        return Start(list(arguments))
    return resumed(line) if folder is None else rerun(line, Path(folder).expanduser())


def _taken(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """Take `--rerun FOLDER` or `--rerun=FOLDER` out of a command line.

    Raises:
        ConfigError: No folder is given.
    """
    folder, others = None, []
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name != RERUN:
            others.append(word)
            continue
        folder = value if equals else next(words, "")
        if not folder or not Path(folder).expanduser().exists():
            raise ConfigError(
                f"{RERUN} {folder}: expected the folder of a run, as in {RERUN} runs/train/FOLDER; check the path"
            )
    return folder, others


def job(config: DictConfig, before: Sequence[str] = ()) -> float | None:
    """Train as configured, see `yowo.commands.train.train`."""
    from yowo.commands.train import train

    job_begins()
    return train(config, before)


def check(config: DictConfig) -> None:
    """Check the paths of a training run before anything is read.

    Raises:
        ConfigError: A folder or file does not exist.
    """
    check_root(config)
    if config.resume is None:
        check_weights(config)
    elif config.resume != AUTO and not Path(config.resume).is_file():
        raise ConfigError(f"resume={config.resume}: there is no such file; check the path")
