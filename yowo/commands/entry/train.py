"""The entry of `yowo train`: checks what was typed; the job itself is in `yowo.commands.train`."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from yowo.commands.command_line import read_command_line
from yowo.commands.hydra_app import run_hydra
from yowo.commands.quick_start import job_begins
from yowo.commands.starting_weights import check_weights
from yowo.config.checkpoint import REMEMBERED, register_checkpoint
from yowo.config.checks import check_root
from yowo.config.compose import override_value
from yowo.errors import ConfigError


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo train`."""
    run_hydra("train", job, resumed(arguments), check)


def job(config: DictConfig) -> float | None:
    """Train as configured, see `yowo.commands.train.train`."""
    from yowo.commands.train import train

    job_begins()
    return train(config)


def resumed(arguments: Sequence[str]) -> list[str]:
    """Add overrides so that `resume=FILE` uses the checkpoint's configuration, except for the groups that are given."""
    line = read_command_line("train", arguments)
    path = override_value(line.overrides, "resume")
    if path is None:
        return list(arguments)
    register_checkpoint(path)
    named = {a.split("=")[0].lstrip("+") for a in line.overrides} | {
        "model" if a.startswith("experiment=") else "" for a in line.overrides
    }
    return [*line.words(), *(f"{part}=from_checkpoint" for part in REMEMBERED if part not in named)]


def check(config: DictConfig) -> None:
    """Check the paths of a training run before anything is read.

    Raises:
        ConfigError: A folder or file does not exist.
    """
    check_root(config)
    check_weights(config)
    if config.resume is not None and not Path(config.resume).is_file():
        raise ConfigError(f"resume={config.resume}: there is no such file; check the path")
