"""The measurements of `benchmarks.gpu`, each a function that yields its figures one by one."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from yowo.config.build import build_detector
from yowo.config.build_training import build_datamodule, build_optimizer
from yowo.config.compose import compose_config
from yowo.contracts import Target

Figure = dict[str, Any]
"""One row of a table: what was measured by column, and numbers."""


class Setting(NamedTuple):
    """What is measured, and how much of it.

    Attributes:
        device: "cuda" or "cpu".
        quick: Whether sizes are small, to try the program out.
        seconds: How long one figure is measured.
        reference: Checkout of the released code; None measures ours only.
    """

    device: str
    quick: bool
    seconds: float
    reference: Path | None

    @property
    def size(self) -> int:
        """Height and width of clips in pixels."""
        return 64 if self.quick else 224

    @property
    def clip_len(self) -> int:
        """Frames of a clip."""
        return 8 if self.quick else 16

    @property
    def batches(self) -> tuple[int, ...]:
        """Clips of a batch."""
        return (1, 2) if self.quick else (1, 8)


def synchronised(device: str) -> float:
    """Return the clock after everything on the device has ended, in seconds."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def timed(step: Callable[[], None], setting: Setting, least: int = 3) -> list[float]:
    """Return the seconds of single steps, after two to warm up."""
    for _ in range(1 if setting.quick else 2):
        step()
    times: list[float] = []
    begin = synchronised(setting.device)
    while len(times) < least or time.perf_counter() - begin < setting.seconds:
        start = synchronised(setting.device)
        step()
        times.append(synchronised(setting.device) - start)
    return times


def network(setting: Setting, model: str, *options: str) -> tuple[Any, Any]:
    """Return configuration and network with random weights on the device; UCF101-24's 24 classes."""
    sizes = [f"dataset.image_size={setting.size}", f"dataset.clip_len={setting.clip_len}"]
    config = compose_config("train", ["dataset=ucf24", f"model={model}", "dataset.root=none", *sizes, *options])
    torch.manual_seed(0)
    return config, build_detector(config).to(setting.device)


def batch(setting: Setting, count: int) -> tuple[Tensor, list[Target]]:
    """Return random clips on the device, and a box of each."""
    clips = torch.rand(count, 3, setting.clip_len, setting.size, setting.size, device=setting.device)
    box = torch.tensor([[0.3, 0.3, 0.6, 0.7]], device=setting.device)
    return clips, [Target(boxes=box, labels=torch.zeros(1, dtype=torch.int64, device=setting.device)) for _ in clips]


def half(setting: Setting, kind: str) -> Any:
    """Return the autocast context of a kind of precision."""
    types = {"bf16": torch.bfloat16, "fp16": torch.float16}
    return torch.autocast(setting.device, dtype=types[kind]) if kind in types else nullcontext()


def memory(setting: Setting) -> str:
    """Return the most GPU memory so far, in GiB, and begin anew."""
    if setting.device != "cuda":
        return ""
    most = torch.cuda.max_memory_allocated() / 2**30
    torch.cuda.reset_peak_memory_stats()
    return f"{most:.1f}"


def training(setting: Setting, models: tuple[str, ...], compiled: bool) -> Iterator[Figure]:
    """Measure training steps on random clips: forward, loss, backward, clipping, fused AdamW."""
    plain = [("fp32", "no"), ("tf32", "no"), ("bf16", "no"), ("bf16", "yes"), ("fp16", "yes")]
    kinds = [("bf16", "yes")] if compiled else plain
    if setting.device == "cpu":
        kinds = [kind for kind in kinds if kind[0] not in ("fp16", "tf32")]
    for model, (kind, last), count in product(models, kinds, setting.batches):
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = kind == "tf32"
        fused = "true" if setting.device == "cuda" else "null"
        options = [f"channels_last={'true' if last == 'yes' else 'false'}", f"optimizer.fused={fused}"]
        config, net = network(setting, model, *options)
        net.train()
        if compiled:
            net.compile()
        optimizer = build_optimizer(config)(net)
        scaler = torch.amp.GradScaler(setting.device, enabled=kind == "fp16")
        clips, targets = batch(setting, count)

        def step(net: Any = net, optimizer: Any = optimizer, scaler: Any = scaler, kind: str = kind) -> None:
            with half(setting, kind):
                loss = net.criterion(net(clips), targets, None)["total"]  # noqa: B023
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(net.parameters(), 10.0)
            scaler.step(optimizer)
            scaler.update()

        seconds = statistics.median(timed(step, setting))
        yield {
            "model": model,
            "precision": kind,
            "channels last": last,
            "compiled": "yes" if compiled else "no",
            "clips a batch": count,
            "ms a step": round(1000 * seconds, 2),
            "clips/s": round(count / seconds, 2),
            "GiB": memory(setting),
        }
        del net, optimizer


def released(setting: Setting) -> Iterator[Figure]:
    """Measure the released loop and ours in turns on the same batch, in float32 with torch's own choice of TF32."""
    from benchmarks.released_training import released_step

    if setting.reference is None:
        return
    count = setting.batches[-1]
    clips, targets = batch(setting, count)
    config, net = network(setting, "yowo_nano")
    net.train()
    optimizer = build_optimizer(config)(net)
    theirs = released_step(setting.reference, "yowo_nano", 24, setting.size, setting.clip_len, setting.device)

    def ours() -> None:
        loss = net.criterion(net(clips), targets, None)["total"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    loops = {"ours": ours, "released": lambda: theirs(clips, targets)}
    turns: dict[str, list[float]] = {name: [] for name in loops}
    for _ in range(2 if setting.quick else 5):
        for name, step in loops.items():
            turns[name].append(statistics.median(timed(step, setting._replace(seconds=setting.seconds / 3))))
    pairs = [b / a for a, b in zip(turns["ours"], turns["released"], strict=True)]
    for name, times in turns.items():
        seconds = statistics.median(times)
        figure = {"model": "yowo_nano", "loop": name, "clips a batch": count, "ms a step": round(1000 * seconds, 2)}
        yield {**figure, "released / ours, median of turns": round(statistics.median(pairs), 3)}


def decoding(setting: Setting) -> Iterator[Figure]:
    """Measure the data loader: generated videos of 320 x 240 pixels to uint8 clips in pinned memory order."""
    frames = 24 if setting.quick else 100
    with tempfile.TemporaryDirectory() as folder:
        size = [f"dataset.size={[96, 64] if setting.quick else [320, 240]}", f"dataset.root={folder}/videos"]
        counts = [f"dataset.num_train={2 if setting.quick else 24}", "dataset.num_val=1", "dataset.cache=false"]
        length = [f"dataset.num_frames={frames}", f"dataset.clip_len={setting.clip_len}"]
        for workers in (0, 1) if setting.quick else (1, 2, 4, 8, 16):
            options = [*size, *counts, *length, f"dataset.num_workers={workers}", "dataset.batch_size=8"]
            data = build_datamodule(compose_config("train", ["dataset=motion", *options]))
            data.prepare_data()
            loader, number, begin = data.train_dataloader(), 0, 0.0
            for place, loaded in enumerate(loader):
                if place == 2:  # the workers have started
                    number, begin = 0, time.perf_counter()
                number += len(loaded.targets)
                if begin and time.perf_counter() - begin > 2 * setting.seconds:
                    break
            rate = number / (time.perf_counter() - begin) if begin else float("nan")
            yield {"workers": workers, "frames a clip": setting.clip_len, "clips/s": round(rate, 1)}
