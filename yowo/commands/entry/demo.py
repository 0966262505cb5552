"""The entry of `yowo demo`: checks what was typed; the job itself is in `yowo.commands.demo`."""

from collections.abc import Sequence

from omegaconf import DictConfig

from yowo.commands.entry.train import check
from yowo.commands.hydra_app import run_hydra
from yowo.commands.quick_start import job_begins


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo demo`."""
    run_hydra("demo", job, arguments, check)


def job(config: DictConfig) -> None:
    """Run the demonstration, see `yowo.commands.demo.demo`."""
    from yowo.commands.demo import demo

    job_begins()
    demo(config)
