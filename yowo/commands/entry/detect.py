"""The entry of `yowo detect`: checks what was typed; the job itself is in `yowo.commands.detect`."""

import re
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from yowo.commands.hydra_app import run_hydra
from yowo.commands.output_paths import check_outputs, inputs_of, table_path
from yowo.commands.quick_start import job_begins
from yowo.commands.starting_weights import check_network, remember_network
from yowo.config.checks import check_required
from yowo.errors import ConfigError
from yowo.inference.drawing_options import check_drawing

FILE_READER = "yowo.video.frame_source.open_file"
"""`_target_` of conf/reader/file.yaml, the reader whose source is a path."""
WITHOUT_TORCH = ("auto", "cpu")
"""Devices that every machine has."""
DEVICE = re.compile(r"[a-z]+(:\d+)?")


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo detect`."""
    run_hydra("detect", job, remember_network("detect", arguments), check)


def job(config: DictConfig) -> None:
    """Detect as configured, see `yowo.commands.detect.detect_video`."""
    from yowo.commands.detect import detect_video

    job_begins()
    detect_video(config)


def check(config: DictConfig) -> None:
    """Check what detection needs, before anything is read.

    Raises:
        ConfigError: Checkpoint or source is missing or does not exist, there is no such device, or `output` cannot be
            written.
    """
    check_network(config, "detect")
    source = Path(str(check_required(config, "source", "yowo detect checkpoint=best.ckpt source=VIDEO")))
    if config.reader._target_ == FILE_READER and not source.exists():
        raise ConfigError(f"source={source}: there is no such video or folder")
    check_device(str(config.device))
    check_drawing(config.colour, config.scale, config.preset)
    if config.output is not None:
        from yowo.video.writer import CONTAINERS, check_ending  # what writes videos takes a while to load

        output = Path(str(config.output))
        table = table_path(output)
        outputs = {f"output={output}": output, f"{table}, the table beside output={output}": table}
        check_outputs(outputs, inputs_of(config), endings=(table.suffix, *CONTAINERS))
        check_ending(output)


def check_device(name: str) -> None:
    """Check the name of a device; torch is asked only for devices that not every machine has.

    Raises:
        ConfigError: This machine has no such device.
    """
    if name in WITHOUT_TORCH:
        return
    if name in ("gpu", "GPU") or not DEVICE.fullmatch(name):
        raise ConfigError(f"device={name}: expected auto, cpu, cuda, cuda:N or mps")
    from yowo.inference.devices import pick_device

    pick_device(name)
