"""`yowo bench infer`: frames per second, latency and share of the machine's peak of a network on a video."""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from yowo.commands.bench.backend_names import NEEDS, check_backends, installed, whole_family
from yowo.commands.options import OptionParser
from yowo.errors import ConfigError
from yowo.progress import working
from yowo.reports.narrow_tables import print_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from omegaconf import DictConfig

    from yowo.commands.bench.backends import Backend
    from yowo.inference.frame_times import FrameTimes

EPILOG = """examples:
  yowo bench infer --seconds 5                                     every network of the family
  yowo bench infer model=yowo_nano dataset=ucf24
  yowo bench infer -m model=yowo_nano,yowo_plus dataset=ucf24 --seconds 30
  yowo bench infer model=yowo_nano dataset=ucf24 --video VIDEO     and the whole of yowo detect beside it
It takes the overrides of yowo train; weights are random. Without model= it measures every network, each with its own
pixels, on clips of UCF101-24's form, and ends with one table of all. Frames come one by one (batch 1): each
is resized, goes through the network and the rule for detections. All backends take turns in one process with
torch's number of threads (OMP_NUM_THREADS). "peak" is the share of the operations per second of a product of two large
matrices, measured in the same run; operations are counted in PyTorch's plain network. "speed" is relative to the first
backend. On a CPU both are by the time of the process's threads, which other programs change little. "same" is the
share of the detections that are those of the first backend, whatever their score; with a state that is carried on
(YOWOF) a network has seen more than the clip, and finds something else. int8 is calibrated with a few frames here: its
speed counts, not its detections; yowo export measures its mAP."""
SIZE = (320, 240)
"""Width and height of frames that are made up."""
COMPARED = 24
"""Frames whose detections are compared."""
DRAWN = 3
"""Boxes of each frame that are drawn."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo bench infer`.

    Raises:
        ConfigError: An override or an option is invalid, or a backend is not installed.
        VideoError: The video cannot be read.
    """
    options, flags = parser().parse_known_args(arguments)
    overrides = [*flags, *(["-m"] if options.multirun else []), *whole_family(options.overrides)]
    if options.seconds <= 0 or options.turns < 1 or options.frames < 2:
        raise ConfigError("--seconds, --turns, --frames: expected numbers above 0, at least 2 frames")
    from yowo.commands.hydra_app import jobs

    names = installed() if options.backends is None else options.backends.split(",")
    check_backends(names)
    device = _device(options.device)
    configs = jobs("bench infer", overrides)
    console = Console()
    every = [(str(config.model.name), measure(console, config, options, names, device)) for config in configs]
    if len(every) > 1:
        print_table(console, joint_table(every, device))


def measure(
    console: Console, config: "DictConfig", options: argparse.Namespace, names: list[str], device: str
) -> dict[str, tuple[float, float]]:
    """Measure one network and print the tables; return CPU milliseconds and FPS by the title of each backend."""
    from yowo.commands.bench.backends import build_backends, detections_of
    from yowo.config.build import build_detector
    from yowo.inference.frame_times import frame_times, matrix_peak, same_detections

    words = f"{config.model.name}, {config.dataset.name}, K = {config.dataset.clip_len}"
    pictures = read_pictures(options.video, options.frames, config)
    detector = build_detector(config)
    with tempfile.TemporaryDirectory() as folder:
        with working(f"preparing {words}"):
            backends, notes = build_backends(config, detector, names, device, Path(folder), pictures)
            found = detections_of(backends, pictures[:COMPARED])
        threshold = float(config.dataset.show_threshold)
        detectors = {name: backend.make(threshold, None) for name, backend in backends.items()}
        with working(f"measuring {words}"):
            peaks = [matrix_peak(device)]
            warm_up = min(2 * int(config.dataset.clip_len), len(pictures))
            times = frame_times(detectors, pictures, options.seconds, options.turns, warm_up)
            peaks.append(matrix_peak(device))
        first = next(iter(times))
        same = {name: same_detections(found[first], found[name]) for name in found}
        print_table(console, table(words, device, max(peaks), backends, times, same))
        for note in notes:
            console.print(note, highlight=False)
        if options.video is not None:
            from yowo.commands.bench.whole_detection import whole_table

            best = backends[max(times, key=lambda name: times[name].fps)]
            with working("measuring the whole of yowo detect"):
                whole = whole_table(config, best.title, best.make(0.0, DRAWN), options.video, options.frames)
            print_table(console, whole)
    return {backends[name].title: (1000 * each.cpu, each.fps) for name, each in times.items()}


def joint_table(networks: "Sequence[tuple[str, Mapping[str, tuple[float, float]]]]", device: str) -> Table:
    """Return one table of several networks: a row a network, a column a backend.

    Args:
        networks: Name, and CPU milliseconds a frame and FPS by the title of each backend.
        device: "cpu" or "cuda".
    """
    titles = dict.fromkeys(title for _, each in networks for title in each)
    made = Table("network", title="CPU ms a frame" if device == "cpu" else "FPS")
    for title in titles:
        made.add_column(title, justify="right")
    for name, each in networks:
        shown = {title: f"{cpu:.1f}" if device == "cpu" else f"{fps:.1f}" for title, (cpu, fps) in each.items()}
        made.add_row(name, *(shown.get(title, "–") for title in titles))
    return made


def table(
    words: str,
    device: str,
    peak: float,
    backends: "Mapping[str, Backend]",
    times: "Mapping[str, FrameTimes]",
    same: Mapping[str, float],
) -> Table:
    """Return the table of one network.

    Args:
        words: Its name.
        device: "cpu" or "cuda".
        peak: Operations per second (of the CPU's time, on the CPU) of a product of matrices.
        backends: By name.
        times: Of the backends by name.
        same: Shares of detections that are the first backend's.
    """
    import torch

    cpu = device == "cpu"
    where = f"CPU, {torch.get_num_threads()} threads" if cpu else torch.cuda.get_device_name()
    unit = "GFLOP per CPU second" if cpu else "GFLOP/s"
    made = Table("backend", title=f"{words}; {where}; peak {peak / 1e9:.0f} {unit}")
    for column in ("FPS", "p50 ms", "p95 ms", "p99 ms", "CPU ms", "GFLOP", "peak", "speed", "same"):
        made.add_column(column, justify="right")
    seconds = {name: each.cpu if cpu else 1 / each.fps for name, each in times.items()}
    first = next(iter(seconds.values()))
    for name, each in times.items():
        work = backends[name].operations
        made.add_row(
            backends[name].title,
            f"{each.fps:.2f}",
            *(f"{each.milliseconds(part):.1f}" for part in (0.5, 0.95, 0.99)),
            f"{1000 * each.cpu:.1f}",
            f"{work / 1e9:.1f}",
            f"{100 * work / seconds[name] / peak:.0f} %",
            f"{first / seconds[name]:.2f}",
            f"{100 * same[name]:.1f} %",
        )
    return made


def read_pictures(video: Path | None, count: int, config: "DictConfig") -> "NDArray[np.uint8]":
    """Return the frames to measure with, uint8 [n, H, W, 3], n at least 2: the first ones of a video, or made up.

    Raises:
        VideoError: The video cannot be read, or has a single frame.
    """
    from yowo.errors import VideoError
    from yowo.inference.frame_times import moving_pictures
    from yowo.video.reader import open_video

    if video is None:
        return moving_pictures(count, SIZE)
    with open_video(video, decoder=config.decoder.name) as reader:
        if len(reader) < 2:
            raise VideoError(f"--video {video}: expected at least two frames, got {len(reader)}")
        return reader.get_frames(range(min(count, len(reader))))


def _device(name: str) -> str:
    """Return the device to measure on.

    Raises:
        ConfigError: This machine has no such device.
    """
    from yowo.inference.devices import pick_device

    return pick_device(name).type


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line; what it does not know are Hydra's flags, such as --config-dir."""
    made = OptionParser(
        prog="yowo bench infer",
        description="Frames per second and latency of a network that slides over a video, by every program installed.",
        epilog=EPILOG,
        usage="%(prog)s [-m] [options] [key=value ...]",
    )
    made.add_argument(
        "overrides", nargs="*", help="overrides of yowo train, such as model=yowo_nano dataset=ucf24 (all)"
    )
    made.add_argument("-m", "--multirun", action="store_true", help="several networks: model=yowo_nano,yowo_plus")
    made.add_argument("--backends", metavar="NAMES", help=f"separated by commas, of {', '.join(NEEDS)} (all installed)")
    made.add_argument("--seconds", type=float, default=20.0, help="how long each backend is timed (20)")
    made.add_argument("--turns", type=int, default=4, help="turns that the backends take (4)")
    made.add_argument("--frames", type=int, default=200, help="frames that are repeated (200)")
    made.add_argument("--video", type=Path, help="frames of a video in place of made-up ones of 320 x 240")
    made.add_argument("--device", default="auto", help="auto, cpu or cuda (auto)")
    return made
