"""The entry of `yowo detect`: checks what was typed; the job itself is in `yowo.commands.detect`."""

import re
from collections.abc import Sequence

from omegaconf import DictConfig

from yowo.commands.archive.checks import check_several, works_on_several
from yowo.commands.hydra_app import run_hydra
from yowo.commands.messages import tell_warning
from yowo.commands.named_sources import is_ours, named_sources
from yowo.commands.output_kinds import check_output, unlike_eval, writes_to_stdout
from yowo.commands.quick_start import job_begins
from yowo.commands.starting_weights import check_network, remember_network
from yowo.commands.stdout_data import data_on_stdout
from yowo.config.checks import check_required
from yowo.errors import ConfigError
from yowo.inference.drawing_options import check_drawing
from yowo.inference.outputs.page_address import check_address, read_address
from yowo.video.source_names import SourceKind, shown

FILE_READER = "yowo.video.frame_source.open_file"
"""`_target_` of conf/reader/file.yaml."""
WITHOUT_TORCH = ("auto", "cpu")
"""Devices that every machine has."""
DEVICE = re.compile(r"[a-z]+(:\d+)?")


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo detect`."""
    run_hydra("detect", job, remember_network("detect", arguments), check)


def job(config: DictConfig) -> None:
    """Detect as configured, see `yowo.commands.detect.detect_video`."""
    with data_on_stdout(writes_to_stdout(config)):
        if works_on_several(config, named_sources(config)):
            from yowo.commands.archive.videos import detect_videos as detect
        else:
            from yowo.commands.detect import detect_video as detect

        job_begins()
        detect(config)


def check(config: DictConfig) -> None:
    """Check what detection needs, before anything is read.

    Raises:
        ConfigError: Checkpoint or source is missing or does not exist, there is no such device, or `output` cannot be
            written.
    """
    check_network(config, "detect")
    check_required(config, "source", "yowo detect checkpoint=best.ckpt source=VIDEO")
    sources = named_sources(config)
    if is_ours(config) and sources.each[0].kind is SourceKind.LIVE:
        check_live(config, sources.each[0].address)
    check_device(str(config.device))
    check_drawing(config.colour, config.scale, config.preset)
    if config.serve is not None:
        check_address(read_address(str(config.serve)))
    check_several(config, sources)
    if not works_on_several(config, sources):
        check_output(config, sources.each[0].name)
    if words := unlike_eval(config):
        tell_warning(words)


def check_live(config: DictConfig, address: str) -> None:
    """Check what a live source needs, before it is connected.

    Raises:
        ConfigError: The reader opens files only, or a key of it is wrong; nothing is sent to standard input; or
            `context` looks ahead.
    """
    from yowo.video.live_address import opening
    from yowo.video.live_receiver import LivePolicy

    if config.get("context"):
        raise ConfigError(
            f"source={shown(address)}: is read as it comes, and context=lfb looks ahead of the frame that it judges; "
            "give a video file, or context=none"
        )
    reader = config.reader
    if reader._target_ == FILE_READER:
        raise ConfigError(f"source={shown(address)}: reader=file opens files only; leave it out, or give reader=auto")
    LivePolicy(config.latency, reader.transport, reader.timeout, reader.reconnect).check()
    opening(address, reader.transport, reader.timeout, reader.options)


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
