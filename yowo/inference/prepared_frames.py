"""Frames of a video as a network takes them."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yowo.contracts import Target

Transform = Callable[[list[Tensor], list[Target]], tuple[Tensor, list[Target]]]
"""Resizes and normalises uint8 clips, as in evaluation: [K, 3, h, w] to float [1, 3, K, H, W]."""


def prepared(pictures: NDArray[np.uint8], transform: Transform, device: torch.device | str) -> Tensor:
    """Resize and normalise frames.

    Args:
        pictures: uint8 [n, h, w, 3], RGB.
        transform: See `Transform`.
        device: Where to do so.

    Returns:
        float [3, n, H, W], on the device.
    """
    uint8 = torch.from_numpy(np.require(pictures, requirements=["C", "W"])).to(device).permute(0, 3, 1, 2)
    nothing = Target(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64))
    return transform([uint8], [nothing])[0][0]
