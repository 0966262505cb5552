"""How long what detects on a stream needs for a frame, and how much of the machine's arithmetic it uses."""

import statistics
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

from yowo.inference.frame_detector import FrameDetector

LEAST_FRAMES = 5
"""Frames of a turn that are timed at least."""
MATRIX = 2048
"""Rows and columns of the matrices whose product is the machine's peak."""


class FrameTimes(NamedTuple):
    """Times of single frames, from the picture to the detections on the CPU.

    Attributes:
        seconds: Of each frame.
        cpu: Seconds of all the process's threads per frame; that of the turn that needed least.
    """

    seconds: list[float]
    cpu: float

    @property
    def fps(self) -> float:
        """Frames per second, by the median."""
        return 1 / statistics.median(self.seconds)

    def milliseconds(self, share: float) -> float:
        """Return the time in milliseconds that a share of the frames, 0..1, does not exceed."""
        return 1000 * float(np.quantile(self.seconds, share))


def frame_times(
    detectors: Mapping[str, FrameDetector], pictures: NDArray[np.uint8], seconds: float, turns: int, warm_up: int
) -> dict[str, FrameTimes]:
    """Time several detectors on the same frames in turns, so that what else the machine does falls on all of them.

    Args:
        detectors: By name.
        pictures: uint8 [n, H, W, 3], RGB; they are repeated.
        seconds: How long each detector is timed in all.
        turns: Number of turns.
        warm_up: Frames before the first turn.

    Returns:
        Times by name.
    """
    for detector in detectors.values():
        detector.reset()
        for place in range(warm_up):
            detector.add(pictures[place % len(pictures)][None], [True])
    times: dict[str, list[float]] = {name: [] for name in detectors}
    cpu = dict.fromkeys(detectors, float("inf"))
    for _ in range(turns):
        for name, detector in detectors.items():
            found, used = _turn(detector, pictures, seconds / turns)
            times[name] += found
            cpu[name] = min(cpu[name], used)
    return {name: FrameTimes(times[name], cpu[name]) for name in detectors}


def _turn(detector: FrameDetector, pictures: NDArray[np.uint8], seconds: float) -> tuple[list[float], float]:
    """Return the seconds of each frame of one turn, and the CPU seconds per frame."""
    times: list[float] = []
    used, begin = time.process_time(), time.perf_counter()
    while len(times) < LEAST_FRAMES or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        detector.add(pictures[len(times) % len(pictures)][None], [True])
        times.append(time.perf_counter() - start)
    return times, (time.process_time() - used) / len(times)


def frame_operations(detector: FrameDetector, pictures: NDArray[np.uint8]) -> int:
    """Return the floating-point operations of PyTorch's convolutions and matrix products for one frame.

    Args:
        detector: Computes in PyTorch.
        pictures: uint8 [n, H, W, 3], n at least 2: the second one is counted.
    """
    detector.reset()
    detector.add(pictures[:1], [True])
    with FlopCounterMode(display=False) as counter:
        detector.add(pictures[1:2], [True])
    return int(counter.get_total_flops())


def matrix_peak(device: torch.device | str = "cpu", size: int = MATRIX, rounds: int = 4) -> float:
    """Return the most floating-point operations per second that a product of two float32 matrices reached.

    Args:
        device: Where to compute. On the CPU the seconds are those of all the process's threads together, as in
            `FrameTimes.cpu`: other programs do not count then.
        size: Rows and columns.
        rounds: Products, of which the fastest counts.
    """
    clock = time.process_time if torch.device(device).type == "cpu" else time.perf_counter
    one = torch.rand(size, size, device=device)
    best = float("inf")
    for _ in range(rounds + 1):
        start = clock()
        float((one @ one)[0, 0])  # waits for the device
        best = min(best, clock() - start)
    return 2 * size**3 / best


def moving_pictures(count: int, size: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    """Return frames of a coarse pattern that moves, uint8 [count, H, W, 3].

    Args:
        count: Number of frames.
        size: Width and height in pixels.
        seed: Of the pattern.
    """
    width, height = size
    coarse = np.random.default_rng(seed).integers(0, 256, (-(-height // 16), -(-(width + count) // 16), 3), np.uint8)
    pattern = coarse.repeat(16, axis=0).repeat(16, axis=1)
    return np.stack([pattern[:height, place : place + width] for place in range(count)])


def same_detections(one: Sequence[Mapping[str, torch.Tensor]], other: Sequence[Mapping[str, torch.Tensor]]) -> float:
    """Return the share of the detections of some frames that are also among others: class, score and box within 0.001.

    Args:
        one: Detections by frame, see `yowo.contracts.Detections`.
        other: Those to look in, of the same frames.

    Returns:
        0..1; 1 where there are none on both sides. Detections that only `other` has count as not the same.
    """
    same = total = 0
    for ours, theirs in zip(one, other, strict=True):
        mine, found = _numbers(ours), _numbers(theirs)
        total += max(len(mine), len(found))
        if len(mine) and len(found):
            near = ((mine[:, None] - found[None]).abs() < 1e-3).all(dim=2)
            same += int(min(near.any(dim=1).sum(), near.any(dim=0).sum()))
    return same / total if total else 1.0


def _numbers(found: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Return the numbers of the detections of a frame, one row each: box, scores, class."""
    scores = found["scores"].flatten(1) if found["scores"].ndim == 2 else found["scores"][:, None]
    labels = found["labels"][:, None].float() if "labels" in found else scores[:, :0]
    return torch.cat([found["boxes"].float(), scores.float(), labels], dim=1)
