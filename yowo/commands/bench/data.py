"""`yowo bench data`: training clips, and key frames of a test, per CPU second and per second of wall time."""

import argparse
from collections.abc import Sequence

import numpy as np
from rich.console import Console

from yowo.commands.options import OptionParser
from yowo.progress import working
from yowo.reports.narrow_tables import print_table

EPILOG = """examples:
  yowo bench data                                                   generated videos of 320 x 240
  yowo bench data dataset=ucf24 dataset.root=DIR
It takes the overrides of yowo train. CPU seconds are those of one process on one core."""
GENERATED = (
    "dataset=motion", "dataset.size=[320,240]", "dataset.num_train=6", "dataset.num_val=1", "dataset.num_frames=120",
    "dataset.clip_len=16", "dataset.image_size=224", "dataset.cache=false", "augment=full",
    "dataset.root=runs/data/bench",
)  # fmt: skip


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo bench data`.

    Raises:
        ConfigError: An override is invalid.
        DatasetError: The data set cannot be read.
    """
    options = parser().parse_args(arguments)
    overrides = options.overrides or GENERATED
    from yowo.config.compose import compose_config

    config = compose_config("train", overrides)
    from yowo.commands.bench.clip_rates import (
        cpu_table,
        one_core,
        test_table,
        wall_table,
    )  # torch and Lightning load with these
    from yowo.config.build_training import build_datamodule

    data = build_datamodule(config)
    data.prepare_data()
    dataset = data.dataset("train")
    chosen = np.random.default_rng(0).choice(len(dataset), min(options.clips, len(dataset)), replace=False).tolist()
    console = Console()
    with one_core(), working(f"measuring {len(chosen)} clips"):
        shown = cpu_table(data, dataset, chosen)
    print_table(console, shown)
    with one_core(), working("measuring a test"):
        shown = test_table(data, options.test_frames)
    print_table(console, shown)
    with working("measuring data loaders"):
        shown = wall_table(dataset, chosen, options.workers)
    print_table(console, shown)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo bench data",
        description="Training clips per CPU second and per second of wall time; key frames of a test per CPU second.",
        epilog=EPILOG,
    )
    made.add_argument("overrides", nargs="*", help="overrides of yowo train, such as dataset=ucf24 dataset.root=DIR")
    made.add_argument("--clips", type=int, default=64, help="clips to measure")
    made.add_argument("--test-frames", type=int, default=256, help="most key frames of a test to measure")
    made.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2], help="numbers of workers to time")
    return made
