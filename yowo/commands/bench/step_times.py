"""Seconds of a training step on random clips: what `yowo bench threads` measures in each of its processes."""

import statistics
import time
from collections.abc import Sequence

import torch

from yowo.config.build import build_detector, image_size
from yowo.config.build_training import build_optimizer
from yowo.config.compose import compose_config
from yowo.contracts import Target

MIN_STEPS = 3
WARM_UP = 2
"""Steps before the measurement begins."""


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
    height, width = image_size(config)
    detector = build_detector(config).train()
    clips = torch.randn(config.dataset.batch_size, 3, config.dataset.clip_len, height, width)
    labels = torch.zeros(1, dtype=torch.int64)
    if detector.multi_hot:
        labels = torch.eye(detector.num_classes)[:1]
    targets = [Target(boxes=torch.tensor([[0.3, 0.3, 0.6, 0.7]]), labels=labels) for _ in clips]
    optimizer = build_optimizer(config)(detector)
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
