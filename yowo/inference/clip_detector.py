"""Detection on a stream with a network that takes whole clips: frames are resized once, clips are cut from a ring."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yowo.contracts import Detections, RawOutput
from yowo.inference.prepared_frames import Transform, prepared
from yowo.models.postprocess import to_cpu

Features = Callable[[Sequence[int]], Tensor]
"""Returns the 3D features, float [B, C, h, w], of B frames by their positions."""


class ClipDetector:
    """Computes each clip anew, with any network; a `FrameDetector`.

    Memory does not grow with the number of frames: those that later clips need are kept, resized and normalised.
    """

    def __init__(
        self,
        network: Callable[..., RawOutput],
        postprocess: Callable[[RawOutput], list[Detections]],
        transform: Transform,
        clip_len: int,
        dilation: int = 1,
        device: torch.device | str = "cpu",
        features: Features | None = None,
    ) -> None:
        """Start before the first frame.

        Args:
            network: Maps clips, float [B, 3, K, H, W], to its raw output; in evaluation mode, on `device`.
            postprocess: Makes detections of raw output.
            transform: See `Transform`.
            clip_len: K; frames before the first are copies of it.
            dilation: Steps in frames between the frames of a clip.
            device: Where the network is.
            features: Gives the 3D features of frames by their positions, such as `FeatureBank.mean`; None lets the
                network compute those of the clips.
        """
        self._network, self._postprocess, self._transform = network, postprocess, transform
        self._device, self._features = device, features
        self._reach = (clip_len - 1) * dilation
        self._steps = torch.arange(-self._reach, 1, dilation)
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next frame is the first one of another source."""
        self._ring = torch.zeros(0)
        self._end = self._count = 0

    @torch.inference_mode()
    def add(self, pictures: NDArray[np.uint8], wanted: Sequence[bool]) -> list[Detections | None]:
        """Take the next frames, see `FrameDetector.add`; the clips of all wanted ones are computed at once.

        Args:
            pictures: uint8 [n, H, W, 3], RGB.
            wanted: n flags.
        """
        ends = self._remember(prepared(pictures, self._transform, self._device))
        offsets = [offset for offset, flag in enumerate(wanted) if flag]
        first, self._count = self._count, self._count + len(pictures)
        found: list[Detections | None] = [None] * len(pictures)
        if offsets:
            clips = self._clips([ends + offset for offset in offsets])
            more = () if self._features is None else (self._features([first + offset for offset in offsets]),)
            for offset, detections in zip(offsets, self._postprocess(self._network(clips, *more)), strict=True):
                found[offset] = to_cpu(detections)
        return found

    def _remember(self, fresh: Tensor) -> int:
        """Append frames, float [3, n, H, W], to the ring; return the place of the first one."""
        count, reach = fresh.shape[1], self._reach
        if self._count == 0 or self._end + count > self._ring.shape[1]:
            first = fresh[:, :1].expand(-1, reach, -1, -1)
            past = self._ring[:, self._end - reach : self._end] if self._count else first
            self._ring = torch.cat([past, fresh.new_empty((3, max(reach, 2 * count), *fresh.shape[2:]))], dim=1)
            self._end = reach
        place, self._end = self._end, self._end + count
        self._ring[:, place : self._end] = fresh
        return place

    def _clips(self, ends: list[int]) -> Tensor:
        """Return the clips whose key frames are at places of the ring, float [B, 3, K, H, W]."""
        places = torch.tensor(ends)[:, None] + self._steps
        frames = self._ring.index_select(1, places.flatten().to(self._ring.device))
        return frames.view(3, *places.shape, *frames.shape[2:]).transpose(0, 1)
