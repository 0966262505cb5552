"""`yowo bench threads`: seconds of a training step by OpenMP's settings, alone and on busy cores."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from yowo.commands.options import OptionParser
from yowo.errors import YowoError
from yowo.progress import working
from yowo.reports.narrow_tables import print_table
from yowo.threads import COUNT_BY_USER, OURS, SPIN_BY_USER, cores_by_affinity

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
    console = Console()
    if options.one_setting:
        from yowo.commands.bench.step_times import step_seconds

        console.print(f"{step_seconds(options.overrides, options.steps, options.seconds)}", highlight=False)
        return
    from yowo.config.compose import compose_config

    compose_config("train", options.overrides)  # a wrong override is told before the first process starts
    cores = cores_by_affinity()
    table = Table("setting", title=f"median seconds of a training step, {cores} cores")
    for busy in options.busy:
        table.add_column("alone" if busy == 0 else f"beside {busy} busy", justify="right")
    line = [*options.overrides, "--steps", str(options.steps), "--seconds", str(options.seconds)]
    for name, variables in settings(cores).items():
        with working(f"measuring {name}"):
            seconds = [measured(line, variables, busy) for busy in options.busy]
        table.add_row(name, *(f"{value:.3f}" for value in seconds))
    print_table(console, table)


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


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo bench threads",
        description="Seconds of a training step on the CPU by OpenMP's settings, alone and beside busy processes.",
        epilog=EPILOG,
    )
    made.add_argument(
        "overrides", nargs="*", help="overrides of yowo train; without any, YOWO-Tiny on generated videos"
    )
    made.add_argument("--steps", type=int, default=20, help="steps of each measurement")
    made.add_argument("--seconds", type=float, default=30.0, help="most seconds of each measurement")
    made.add_argument("--busy", type=int, nargs="+", default=[0, 1], help="numbers of busy processes beside it")
    made.add_argument(ONE_SETTING, action="store_true", help=argparse.SUPPRESS)
    return made
