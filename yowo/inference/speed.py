"""Frames per second of a detector: one clip in, its detections out."""

import time
from collections.abc import Callable

import torch

from yowo.contracts import Detections, RawOutput
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
