"""How long a trained network needs to detect on frames that come one by one, for the record of its run."""

import torch
from omegaconf import DictConfig

from yowo.config.build import image_size
from yowo.config.frame_detector import build_frame_detector, with_keys
from yowo.inference.frame_times import frame_times, moving_pictures
from yowo.models.detector import Detector

CPU_TIME = "cpu_ms_a_frame"
"""Name of the figure that other programs change little."""
PICTURES = 32
TURNS = 3
"""Turns of a measurement, of which the one with the least CPU time counts."""


def detection_time(config: DictConfig, detector: Detector, device: torch.device) -> dict[str, float]:
    """Time detection as `yowo detect` does it on a live source, with frames of the network's own size.

    Args:
        config: Of a training, with the seconds `time_detection`.
        detector: The network; it is in evaluation mode afterwards.
        device: Where to compute.

    Returns:
        Milliseconds a frame: `cpu_ms_a_frame`, of all threads of this process, and `ms_a_frame`, the median by the
        clock.
    """
    height, width = image_size(config)
    pictures = moving_pictures(PICTURES, (width, height))
    found = build_frame_detector(with_keys(config, streaming="auto"), detector, device)
    warm_up = 2 * int(config.dataset.clip_len)
    times = frame_times({"": found}, pictures, float(config.time_detection), TURNS, warm_up)[""]
    return {CPU_TIME: round(1000 * times.cpu, 3), "ms_a_frame": round(times.milliseconds(0.5), 3)}
