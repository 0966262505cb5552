"""Training clips per CPU second of this package and of the released pipeline, which reads the same clips as JPEGs.

python -m benchmarks.data --reference CHECKOUT dataset=ucf24 dataset.root=DIR dataset.train_videos=all

CHECKOUT is a checkout of yjh0410/PyTorch_YOWO. The overrides are those of yowo train.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.released_data import released_pipeline, write_pictures
from yowo.commands.bench.clip_rates import cpu_jobs, job_rates, one_core
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both pipelines and print a table.

    Raises:
        ConfigError: An override is invalid, or `--reference` is not a checkout of the released code.
        DatasetError: The data set cannot be read.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data", description="Clips per CPU second, one core.")
    parser.add_argument("overrides", nargs="+", help="such as dataset=ucf24 dataset.root=DIR")
    parser.add_argument("--reference", type=Path, required=True, help="checkout of the released pipeline")
    parser.add_argument("--clips", type=int, default=64, help="clips to measure (64)")
    options = parser.parse_args(arguments)
    data = build_datamodule(compose_config("train", options.overrides))
    data.prepare_data()
    dataset = data.dataset("train")
    chosen = np.random.default_rng(0).choice(len(dataset), min(options.clips, len(dataset)), replace=False).tolist()
    with one_core(), tempfile.TemporaryDirectory() as folder:
        write_pictures(dataset, chosen, Path(folder))
        with released_pipeline(options.reference, Path(folder), dataset.clip_len) as pipeline:

            def run_released() -> None:
                for place in range(len(chosen)):
                    pipeline[place]

            worker, device, released = job_rates([*cpu_jobs(data, dataset, chosen), run_released], len(chosen))
    table = Table("what", title=f"{len(chosen)} clips of {dataset.clip_len} frames")
    table.add_column("clips per CPU second", justify="right")
    table.add_column("relative to released", justify="right")
    for name, rate in (
        ("ours, worker: video to uint8 clip", worker),
        ("ours, with augmentation on the CPU", 1 / (1 / worker + 1 / device)),
        ("released: JPEG to augmented clip", released),
    ):
        table.add_row(name, f"{rate:.1f}", f"{rate / released:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
