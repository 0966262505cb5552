"""What detects on a stream of frames: PyTorch clip by clip, PyTorch without recomputing, or an exported network."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Detections


class FrameDetector(Protocol):
    """Detects on the frames of one source, in order; it keeps of the past what clips need."""

    def add(self, pictures: NDArray[np.uint8], wanted: Sequence[bool]) -> list[Detections | None]:
        """Take the next frames.

        Args:
            pictures: uint8 [n, H, W, 3], RGB, n >= 1; H and W are the same in all calls until `reset`.
            wanted: n flags: whether detections of the frame are wanted; the others are only remembered.

        Returns:
            For each frame its detections (boxes 0..1, tensors on the CPU), or None where they are not wanted.
        """

    def reset(self) -> None:
        """Forget the past: the next frame is the first one of another source. Frames before it are copies of it."""
