"""Measures the loading of training clips and of a test, for `yowo bench data`."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch
from rich.table import Table
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from yowo.data.datamodule import ClipDataModule
from yowo.data.dataset import ClipDataset, collate
from yowo.data.sliding import SlidingBatches

ROUNDS = 4
"""Measurements of each job, of which the best counts."""


def cpu_jobs(data: ClipDataModule, dataset: ClipDataset, chosen: Sequence[int]) -> list[Callable[[], None]]:
    """Return the two steps of loading training clips: decoding in a worker, and augmentation (here on the CPU)."""

    def decode() -> None:
        for index in chosen:
            dataset[index]

    clips = [dataset[index] for index in chosen]

    def transform() -> None:
        for start in range(0, len(clips), data.batch_size):
            batch = collate(clips[start : start + data.batch_size])
            frames: list[Tensor] = list(batch.clips)
            data.train_transform(frames, batch.targets)

    return [decode, transform]


def cpu_table(data: ClipDataModule, dataset: ClipDataset, chosen: Sequence[int]) -> Table:
    """Measure clips per CPU second of decoding in a worker, of augmentation, and of both."""
    worker, device = job_rates(cpu_jobs(data, dataset, chosen), len(chosen))
    both = 1 / (1 / worker + 1 / device)
    table = Table("what", title=f"{len(chosen)} clips of {dataset.clip_len} frames")
    table.add_column("clips per CPU second", justify="right")
    table.add_column("share of the time", justify="right")
    table.add_row("worker: video to uint8 clip", f"{worker:.1f}", f"{100 * both / worker:.0f} %")
    table.add_row("batch: augmentation, here on the CPU", f"{device:.1f}", f"{100 * both / device:.0f} %")
    table.add_row("both", f"{both:.1f}", "")
    return table


def test_table(data: ClipDataModule, count: int) -> Table:
    """Measure key frames per CPU second of a test's loader: clip by clip, and with each frame read once.

    Args:
        data: Gives the test and its batch size.
        count: Most key frames to measure, from the first one on.
    """
    dataset = data.dataset("test")
    batches = SlidingBatches(dataset, data.batch_size)
    taken = min(max(count // data.batch_size, 1), len(batches))
    count = min(taken * data.batch_size, len(dataset))

    def clip_by_clip() -> None:
        for position in range(count):
            dataset[position]

    def sliding() -> None:
        for _ in islice(batches, taken):
            pass

    rates = job_rates([clip_by_clip, sliding], count)
    table = Table("test", title=f"{count} key frames, clips of {dataset.clip_len} frames")
    table.add_column("key frames per CPU second", justify="right")
    table.add_row("worker: every clip read for itself", f"{rates[0]:.1f}")
    table.add_row("worker: each frame read once, as in yowo eval", f"{rates[1]:.1f}")
    return table


@contextmanager
def one_core() -> Iterator[None]:
    """Restrict this process and its children to one core, if the system supports it, and torch to one thread."""
    threads = torch.get_num_threads()
    cores: set[int] = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    torch.set_num_threads(1)
    if cores:
        os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        if cores:
            os.sched_setaffinity(0, cores)


def wall_table(dataset: ClipDataset, chosen: Sequence[int], workers: Sequence[int]) -> Table:
    """Measure clips per second of wall time of a data loader, for each number of workers."""
    table = Table("workers", title="data loader: uint8 clips, wall time")
    table.add_column("clips per second", justify="right")
    for count in workers:
        loader: DataLoader[Any] = DataLoader(
            Subset(dataset, chosen), batch_size=8, num_workers=count, collate_fn=collate, persistent_workers=count > 0
        )
        for _ in loader:  # starts the workers
            pass
        begin = time.perf_counter()
        for _ in loader:
            pass
        table.add_row(str(count), f"{len(chosen) / (time.perf_counter() - begin):.1f}")
    return table


def job_rates(jobs: Sequence[Callable[[], None]], count: int) -> list[float]:
    """Return items per CPU second of each job, the best of `ROUNDS` rounds that run every job once.

    Args:
        jobs: The jobs.
        count: Number of items that a job processes.
    """
    best = [float("inf")] * len(jobs)
    for _ in range(ROUNDS):
        for place, job in enumerate(jobs):
            begin = time.process_time()
            job()
            best[place] = min(best[place], time.process_time() - begin)
    return [count / seconds for seconds in best]
