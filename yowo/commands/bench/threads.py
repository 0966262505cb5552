"""`yowo bench threads`: seconds of a training step by OpenMP's settings, alone and on busy cores."""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from rich.console import Console
from rich.table import Table

from yowo.config.build import build_detector, make
from yowo.config.compose import compose_config
from yowo.contracts import Target
from yowo.errors import YowoError
from yowo.threads import COUNT_BY_USER, OURS, SPIN_BY_USER

MIN_STEPS = 3
WARM_UP = 2
"""Steps before the measurement begins."""
ONE_SETTING = "--one-setting"
BUSY = "while True: pass"
EPILOG = """examples:
  yowo bench threads
  yowo bench threads --steps 40 --busy 0 1 2
  yowo bench threads model=yowo_nano dataset=ucf24
It takes the overrides of yowo train; the clips are random numbers. Each setting is a process of its own."""


def settings(cores: int) -> dict[str, dict[str, str]]:
    """Return the variables to compare by their description; those of yowo itself are none."""
    count = {"OMP_NUM_THREADS": str(cores)}
    return {
        "yowo's choice": {},
        "GNU's default": count | {"GOMP_SPINCOUNT": "300000"},
        "GOMP_SPINCOUNT=1000": count | {"GOMP_SPINCOUNT": "1000"},
        "GOMP_SPINCOUNT=10000": count | {"GOMP_SPINCOUNT": "10000"},
        "OMP_WAIT_POLICY=PASSIVE": count | {"OMP_WAIT_POLICY": "PASSIVE"},
        "one thread": {"OMP_NUM_THREADS": "1"},
    }


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo bench threads`.

    Raises:
        ConfigError: An override is invalid.
        YowoError: A measurement failed.
    """
    options = parser().parse_args(arguments)
    if options.one_setting:
        Console().print(f"{step_seconds(options.overrides, options.steps, options.seconds)}", highlight=False)
        return
    compose_config("train", options.overrides)  # a wrong override is told before the first process starts
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    table = Table("setting", title=f"median seconds of a training step, {cores} cores")
    for busy in options.busy:
        table.add_column("alone" if busy == 0 else f"beside {busy} busy", justify="right")
    line = [*options.overrides, "--steps", str(options.steps), "--seconds", str(options.seconds)]
    for name, variables in settings(cores).items():
        table.add_row(name, *(f"{measured(line, variables, busy):.3f}" for busy in options.busy))
    Console().print(table)


def measured(arguments: Sequence[str], variables: Mapping[str, str], busy: int) -> float:
    """Return the seconds of a step in a process with its own OpenMP variables, beside `busy` busy processes.

    Raises:
        YowoError: The process failed.
    """
    chosen = {*SPIN_BY_USER, *COUNT_BY_USER, OURS}
    environ = {k: v for k, v in os.environ.items() if k not in chosen} | dict(variables)
    command = [sys.executable, "-m", "yowo", "bench", "threads", ONE_SETTING, *arguments]
    with busy_processes(busy):
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise YowoError(f"yowo bench threads: a measurement failed: {done.stderr.strip()[-500:]}")
    return float(done.stdout.split()[-1])


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Run processes that do nothing but need a core each."""
    running = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def step_seconds(overrides: Sequence[str], steps: int, seconds: float) -> float:
    """Measure training steps of a configuration in this process, on random clips.

    Args:
        overrides: Overrides of `yowo train`.
        steps: Number of steps.
        seconds: Ends earlier after this time, but not before `MIN_STEPS` steps.

    Returns:
        Median seconds of a step: forward, loss, backward, clipping of gradients, optimizer.
    """
    config = compose_config("train", overrides)
    size = config.dataset.image_size
    height, width = (size, size) if isinstance(size, int) else size
    detector = build_detector(config).train()
    clips = torch.randn(config.dataset.batch_size, 3, config.dataset.clip_len, height, width)
    labels = torch.zeros(1, dtype=torch.int64)
    if detector.multi_hot:
        labels = torch.eye(detector.num_classes)[:1]
    targets = [Target(boxes=torch.tensor([[0.3, 0.3, 0.6, 0.7]]), labels=labels) for _ in clips]
    optimizer = make(config.optimizer)(detector.parameters())
    times: list[float] = []
    begin = time.perf_counter()
    for number in range(WARM_UP + steps):
        start = time.perf_counter()
        losses = detector.criterion(detector(clips), targets, 0)  # type: ignore[misc]
        optimizer.zero_grad()
        losses["total"].backward()
        torch.nn.utils.clip_grad_norm_(detector.parameters(), 10.0)
        optimizer.step()
        times += [time.perf_counter() - start] if number >= WARM_UP else []
        if len(times) >= MIN_STEPS and time.perf_counter() - begin > seconds:
            break
    return statistics.median(times)


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="yowo bench threads",
        description="Seconds of a training step on the CPU by OpenMP's settings, alone and beside busy processes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "overrides", nargs="*", help="overrides of yowo train; without any, YOWO-Tiny on generated videos"
    )
    made.add_argument("--steps", type=int, default=20, help="steps of each measurement")
    made.add_argument("--seconds", type=float, default=30.0, help="most seconds of each measurement")
    made.add_argument("--busy", type=int, nargs="+", default=[0, 1], help="numbers of busy processes beside it")
    made.add_argument(ONE_SETTING, action="store_true", help=argparse.SUPPRESS)
    return made
