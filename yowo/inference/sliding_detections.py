"""Detection on a stream with a network that takes one frame a step and keeps what later frames need."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yowo.contracts import Detections, RawOutput
from yowo.inference.prepared_frames import Transform, prepared
from yowo.models.frame_steps import FrameSteps
from yowo.models.postprocess import to_cpu
from yowo.models.sliding_past import PastTensors


class SlidingDetections:
    """Detections of a network that runs frame by frame; a `FrameDetector`.

    Of `SlidingDetector` and `CarriedFeatures` they are those of `ClipDetector`, for less. Frames whose detections are
    not wanted are taken all the same, so that those of the others do not depend on which are wanted. What is kept of
    the past does not grow. With a dilation of d, frames 0, d, 2 d, ... are one sequence of clips, frames 1, d + 1, ...
    another: each of the d has a past of its own.
    """

    def __init__(
        self,
        network: FrameSteps,
        postprocess: Callable[[RawOutput], list[Detections]],
        transform: Transform,
        dilation: int = 1,
        device: torch.device | str = "cpu",
    ) -> None:
        """Start before the first frame.

        Args:
            network: The steps of a network in evaluation mode, on `device`; several streams may share them.
            postprocess: Makes detections of raw output.
            transform: See `Transform`.
            dilation: Steps in frames between the frames of a clip.
            device: Where the network is.
        """
        self._network, self._postprocess, self._transform = network, postprocess, transform
        self._dilation, self._device = dilation, device
        self._pasts: list[PastTensors[Tensor]] = []
        self._count = 0

    def reset(self) -> None:
        """Forget the past: the next frame is the first one of another source."""
        self._pasts = []
        self._count = 0

    @torch.inference_mode()
    def add(self, pictures: NDArray[np.uint8], wanted: Sequence[bool]) -> list[Detections | None]:
        """Take the next frames, see `FrameDetector.add`; behind `window` all wanted ones are computed at once.

        Args:
            pictures: uint8 [n, H, W, 3], RGB.
            wanted: n flags.
        """
        frames = prepared(pictures, self._transform, self._device).transpose(0, 1)
        if not self._pasts:
            self._pasts = [PastTensors(self._network.past, self._network.kept) for _ in range(self._dilation)]
            before = self._network.first(frames[:1])
            for past in self._pasts:
                past.fill(before)
        windows = []
        for place, flag in enumerate(wanted):
            frame = frames[place : place + 1]
            past = self._pasts[self._count % self._dilation]
            self._count += 1
            if flag:
                window, kept = self._network.window(frame, past.tensors())
                windows.append(window)
            else:
                kept = self._network.remember(frame, past.tensors())
            past.push(kept)
        found: list[Detections | None] = [None] * len(pictures)
        if windows:
            offsets = [offset for offset, flag in enumerate(wanted) if flag]
            raw = self._network.detect(frames[offsets], torch.cat(windows))
            for offset, detections in zip(offsets, self._postprocess(raw), strict=True):
                found[offset] = to_cpu(detections)
        return found
