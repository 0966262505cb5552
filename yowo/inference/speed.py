"""Frames per second of a detector: one clip in, its detections out; and the time of its label assignment."""

import time
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor

from yowo.contracts import Detections, RawOutput, Target
from yowo.models.detector import Detector

LEAST_CLIPS = 3
"""Clips that are timed at least, on machines that need longer than `seconds` for them."""


@torch.inference_mode()
def frames_per_second(
    detector: Detector,
    postprocess: Callable[[RawOutput], list[Detections]],
    clip_len: int,
    image_size: tuple[int, int],
    seconds: float = 5.0,
    device: str | torch.device = "cpu",
) -> float:
    """Time forward pass and post-processing of one clip after another. As in the paper, a clip counts as a frame.

    Args:
        detector: The network; it is left on `device` in evaluation mode.
        postprocess: Makes detections of its output.
        clip_len: K, frames of a clip; clips are float [1, 3, K, H, W].
        image_size: Height and width of the input in pixels.
        seconds: How long to measure, after two clips to warm up.
        device: Device to compute on.

    Returns:
        Frames per second: key frames whose detections have arrived on the CPU.
    """
    detector = detector.to(device).eval()
    clip = torch.randn(1, 3, clip_len, *image_size, device=device)
    for _ in range(2):
        postprocess(detector(clip))
    count, begin = 0, time.perf_counter()
    while count < LEAST_CLIPS or time.perf_counter() - begin < seconds:
        for found in postprocess(detector(clip)):
            found["boxes"].cpu()
        count += 1
    return count / (time.perf_counter() - begin)


ASSIGNED_CLIPS, MOST_BOXES, ASSIGNMENTS = 8, 10, 5
"""Clips of a batch whose boxes are assigned, boxes of the fullest one, and how often it is timed."""


@torch.inference_mode()
def assignment_seconds(
    detector: Detector, clip_len: int, image_size: tuple[int, int], device: str | torch.device = "cpu"
) -> float:
    """Time the label assignment of a crowded batch, without the network's forward pass.

    Args:
        detector: With a criterion; it is left on `device` in evaluation mode.
        clip_len: K, frames of a clip.
        image_size: Height and width of the input in pixels.
        device: Device to compute on.

    Returns:
        Seconds for each of `ASSIGNED_CLIPS` clips with 5 to `MOST_BOXES` random boxes, the fastest of some runs.
    """
    detector = detector.to(device).eval()
    one = detector(torch.randn(1, 3, clip_len, *image_size, device=device))
    batch = {
        name: value.expand(ASSIGNED_CLIPS, *value.shape[1:]) if name in ("conf", "cls", "boxes", "deltas") else value
        for name, value in cast(dict[str, Any], one).items()
    }
    random = torch.Generator().manual_seed(0)
    targets = [_crowd(random, 5 + n % (MOST_BOXES - 4), detector, device) for n in range(ASSIGNED_CLIPS)]
    assigner, times = cast(Any, detector.criterion).assigner, []
    for _ in range(ASSIGNMENTS):
        begin = time.perf_counter()
        assigner(cast(RawOutput, batch), targets).boxes_xyxy.cpu()
        times.append(time.perf_counter() - begin)
    return min(times) / ASSIGNED_CLIPS


def _crowd(random: torch.Generator, count: int, detector: Detector, device: str | torch.device) -> Target:
    """Return random boxes with one class each, or, where a person may have several, about three."""
    middle, half = torch.rand(count, 2, generator=random), 0.02 + 0.2 * torch.rand(count, 2, generator=random)
    labels = torch.randint(0, detector.num_classes, (count,), generator=random)
    if detector.multi_hot:
        hot: Tensor = torch.rand(count, detector.num_classes, generator=random) < 2 / detector.num_classes
        labels = hot.scatter(1, labels[:, None], True).float()
    boxes = torch.cat([middle - half, middle + half], dim=1).clamp(0, 1)
    return Target(boxes=boxes.to(device), labels=labels.to(device))
