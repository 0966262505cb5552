"""The entry of `yowo eval`: checks what was typed; the job itself is in `yowo.commands.eval`."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from yowo.commands.hydra_app import run_hydra
from yowo.commands.output_paths import check_outputs, inputs_of
from yowo.commands.quick_start import job_begins
from yowo.commands.starting_weights import check_network, remember_network
from yowo.config.checks import check_root


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo eval`."""
    run_hydra("eval", job, remember_network("eval", arguments), check)


def job(config: DictConfig) -> None:
    """Evaluate as configured, see `yowo.commands.eval.evaluate_checkpoint`."""
    from yowo.commands.eval import evaluate_checkpoint

    job_begins()
    evaluate_checkpoint(config)


def check(config: DictConfig) -> None:
    """Check what evaluation needs, before anything is read.

    Raises:
        ConfigError: The checkpoint or the data set's folder is not given or not there, or the report cannot be written.
    """
    check_network(config, "eval")
    check_root(config)
    if config.report is not None:
        outputs = {f"report={config.report}": Path(str(config.report))}
        check_outputs(outputs, inputs_of(config, "dataset.root"), endings=(".html",))
