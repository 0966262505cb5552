"""The entry of `yowo export`: checks what was typed; the job itself is in `yowo.commands.export`."""

from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from yowo.commands.hydra_app import run_hydra
from yowo.commands.output_paths import check_outputs, inputs_of
from yowo.commands.quick_start import job_begins
from yowo.commands.starting_weights import check_network, remember_network
from yowo.config.checks import check_root
from yowo.config.exported import chosen_format
from yowo.errors import ConfigError
from yowo.inference.exported.facts import CLIP, EXACT, FORMATS, STATE


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo export`."""
    run_hydra("export", job, remember_network("export", arguments), check)


def job(config: DictConfig) -> None:
    """Export as configured, see `yowo.commands.export.export_network`."""
    from yowo.commands.export import export_network

    job_begins()
    export_network(config)


def check(config: DictConfig) -> None:
    """Check what exporting needs, before anything is read.

    Raises:
        ConfigError: A value is unknown, a file or folder or package is missing, or `output` cannot be written.
    """
    check_network(config, "export")
    if config.streaming not in (CLIP, EXACT, STATE):
        raise ConfigError(f"streaming={config.streaming}: expected {CLIP}, {EXACT} or {STATE}: a file has one of them")
    kind = chosen_format(config)
    if config.precision not in ("fp32", "int8"):
        raise ConfigError(f"precision={config.precision}: expected fp32 or int8")
    if config.precision == "int8" and (kind == "torch_export" or config.streaming != CLIP):
        raise ConfigError(
            f"precision=int8: expected format=onnx or openvino and streaming={CLIP}, got format={kind} and "
            f"streaming={config.streaming}"
        )
    if config.precision == "int8":
        check_root(config)
    _check_frames(config)
    if config.output is not None:
        outputs = {f"output={config.output}": Path(str(config.output))}
        if kind == "openvino":
            weights = Path(str(config.output)).with_suffix(".bin")
            outputs[f"{weights}, the weights beside output={config.output}"] = weights
        check_outputs(outputs, inputs_of(config, "dataset.root"), endings=(*FORMATS.values(), ".bin"))
    from yowo.inference.exported.packages import check_packages

    check_packages(kind, str(config.precision))


def _check_frames(config: DictConfig) -> None:
    """Check that there are frames to check the file on.

    Raises:
        ConfigError: There are neither a video nor a data set.
    """
    if config.source is not None:
        if not Path(str(config.source)).exists():
            raise ConfigError(f"source={config.source}: there is no such video or folder of pictures; check the path")
        return
    try:
        check_root(config)
    except ConfigError as error:
        raise ConfigError(
            f"source is required: a video on whose frames the file is checked against PyTorch, as in source=VIDEO; or "
            f"the data set, whose folder is not there ({error})"
        ) from error
