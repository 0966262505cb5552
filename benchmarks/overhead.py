"""Time of training steps by `yowo train` against a bare PyTorch loop, in turns in one process.

python -m benchmarks.overhead
python -m benchmarks.overhead --reference CHECKOUT model=yowo_nano dataset.image_size=64 dataset.batch_size=2

The overrides are those of yowo train. Both sides have the same network, loss, optimizer, clipping, schedule, data
loader and augmentation; ours also has Lightning, the callbacks and the loggers of the configuration. The sides take
turns: some steps of ours, as many of the bare loop, and with --reference (a checkout of yjh0410/PyTorch_YOWO) as many
of the released loop on one batch, with its own network and without augmentation. Each turn gives a ratio; their median
and quartiles are printed, by CPU time (all threads of the process) and by the clock. On a busy machine trust CPU time.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from benchmarks.released_training import Step, released_step
from yowo.config.build import build_detector, make
from yowo.config.build_training import (
    build_callbacks,
    build_datamodule,
    build_loggers,
    build_module,
    build_optimizer,
    build_trainer,
)
from yowo.config.compose import compose_config
from yowo.contracts import ClipBatch
from yowo.data.datamodule import ClipDataModule
from yowo.training.parameter_groups import make_schedule

DEFAULTS = ("dataset=motion", "dataset.num_train=40", "dataset.num_val=4", "logger=[csv]", "callbacks.checkpoint=null")
Clocks = dict[str, list[tuple[float, float]]]
"""CPU and wall seconds of each turn, by side."""


class Turns(Callback):
    """Lets other loops run between some steps of the Trainer, and measures all of them."""

    def __init__(self, steps: int, others: dict[str, Callable[[int], None]], device: torch.device) -> None:
        """Store the arguments.

        Args:
            steps: Steps of a turn.
            others: The other loops by name, functions of a number of steps.
            device: What the steps run on.
        """
        self.steps, self.others, self.device = steps, others, device
        self.clocks: Clocks = {"yowo train": [], **{name: [] for name in others}}
        self._count = 0
        self._begin = (0.0, 0.0)

    def _now(self) -> tuple[float, float]:
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.process_time(), time.perf_counter()

    def _stop(self, name: str) -> None:
        now = self._now()
        self.clocks[name].append((now[0] - self._begin[0], now[1] - self._begin[1]))

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Between two turns of the Trainer: stop its clock, let the others run, start it again."""
        if self._count % self.steps == 0:
            if self._count:
                self._stop("yowo train")
            for name, run in self.others.items():
                self._begin = self._now()
                run(self.steps)
                self._stop(name)
            self._begin = self._now()
        self._count += 1


def bare_loop(config: DictConfig, detector: Any, data: ClipDataModule, device: torch.device) -> Callable[[int], None]:
    """Make the bare loop.

    Args:
        config: Configuration of `yowo train`.
        detector: The network, with its loss.
        data: Its data.
        device: What it runs on.

    Returns:
        A function that runs a number of steps.
    """
    optimizer = build_optimizer(config)(detector)
    schedule = make_schedule(make(config.schedule.scheduler), optimizer, lambda: 1_000_000)
    half = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(str(config.trainer.precision))
    scaler = torch.amp.GradScaler(device.type, enabled=half == torch.float16)

    def batches() -> Iterator[ClipBatch]:
        while True:
            yield from data.train_dataloader()  # type: ignore[misc]

    source = batches()

    def run(steps: int) -> None:
        for _ in range(steps):
            batch = next(source)
            frames = [clip.to(device, non_blocking=True) for clip in batch.clips]
            targets = [{name: value.to(device) for name, value in target.items()} for target in batch.targets]
            clips, targets = data.train_transform(frames, targets)  # type: ignore[arg-type]
            with torch.autocast(device.type, dtype=half, enabled=half is not None):
                loss = detector.criterion(detector(clips), targets, 0)["total"]
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            if config.trainer.gradient_clip_val:
                scaler.unscale_(optimizer)
                torch.nn.utils.clip_grad_norm_(detector.parameters(), config.trainer.gradient_clip_val)
            scaler.step(optimizer)
            scaler.update()
            if config.schedule.interval == "step":
                schedule.step()

    return run


def one_batch(step: Step, data: ClipDataModule, device: torch.device) -> Callable[[int], None]:
    """Return a loop of a step on one batch of augmented clips."""
    batch = next(iter(data.train_dataloader()))
    clips, targets = data.train_transform(list(batch.clips), batch.targets)
    clips = clips.to(device)

    def run(steps: int) -> None:
        for _ in range(steps):
            step(clips, targets)

    return run


def measure(overrides: Sequence[str], steps: int, turns: int, reference: Path | None) -> Clocks:
    """Measure all sides.

    Args:
        overrides: Of yowo train.
        steps: Steps of a turn.
        turns: Turns that count; one more comes before them.
        reference: A checkout of the released code.

    Returns:
        The clocks of each side, `turns` of each.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = [*DEFAULTS, f"++trainer.max_steps={steps * (turns + 1) + 1}", *overrides]
        composed = compose_config("train", [*given, "trainer.limit_val_batches=0", "evaluate=false"])
        words = OmegaConf.to_yaml(composed).replace("${hydra:runtime.output_dir}", folder)
        config: DictConfig = OmegaConf.create(words)
        torch.manual_seed(0)
        data = build_datamodule(config)
        data.prepare_data()
        detector = build_detector(config)
        other = deepcopy(detector)
        module = build_module(config, detector, data)
        build_module(config, other)  # its options: frozen parts, compiling
        trainer = build_trainer(config, logger=build_loggers(config), enable_checkpointing=False)
        device = trainer.strategy.root_device
        for _ in data.train_dataloader():  # fills the cache that both sides read
            pass
        others = {"bare loop": bare_loop(config, other.to(device).train(), data, device)}
        if reference is not None:
            name = "yowo_nano" if config.model.name == "yowo_nano" else "yowo"
            size, count = config.dataset.image_size, len(config.dataset.classes)
            step = released_step(reference.resolve(), name, count, size, config.dataset.clip_len, device.type)
            others["released loop"] = one_batch(step, data, device)
        turn = Turns(steps, others, device)
        trainer.callbacks = [*build_callbacks(config), turn]  # type: ignore[attr-defined]
        trainer.fit(module, data)
    return {name: clocks[1 : turns + 1] for name, clocks in turn.clocks.items()}


def ratios(clocks: Clocks, name: str, which: int) -> list[float]:
    """Return the time of our steps relative to another side's, of each turn; `which` is 0 (CPU) or 1 (clock)."""
    return [ours[which] / theirs[which] for ours, theirs in zip(clocks["yowo train"], clocks[name], strict=True)]


def quartiles(values: Sequence[float]) -> str:
    """Return the median, and the first and third quartile in brackets."""
    if len(values) < 2:
        return f"{values[0]:.3f}"
    first, middle, third = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.3f} ({first:.3f} to {third:.3f})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description="Steps against a bare loop.")
    parser.add_argument("overrides", nargs="*", help="overrides of yowo train; without any, YOWO-Tiny")
    parser.add_argument("--steps", type=int, default=5, help="steps of a turn (5)")
    parser.add_argument("--turns", type=int, default=8, help="turns that count (8)")
    parser.add_argument("--reference", type=Path, help="checkout of the released code, to run its loop beside both")
    parser.add_argument("--output", type=Path, help="write the times of all turns into a JSON file")
    options = parser.parse_args(arguments)
    clocks = measure(options.overrides, options.steps, options.turns, options.reference)
    if options.output is not None:
        options.output.write_text(json.dumps({"steps": options.steps, "seconds": clocks}, indent=1), encoding="utf-8")
    table = Table("side", title=f"{options.turns} turns of {options.steps} steps, torch {torch.__version__}")
    for name in ("ms a step, CPU", "ms a step, clock", "yowo train takes, CPU", "yowo train takes, clock"):
        table.add_column(name, justify="right")
    for name, times in clocks.items():
        each = [f"{1000 * statistics.median(t[which] for t in times) / options.steps:.1f}" for which in (0, 1)]
        relative = [quartiles(ratios(clocks, name, which)) for which in (0, 1)] if name != "yowo train" else ["", ""]
        table.add_row(name, *each, *relative)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
