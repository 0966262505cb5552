"""Networks with a memory that takes frames one by one: what they offer, and the steps by which they run."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from yowo.contracts import RawOutput
from yowo.models.conv_lstm import MemoryState
from yowo.models.sliding_plan import Past


@runtime_checkable
class Recurrent(Protocol):
    """A network whose output for a clip is that of a memory after its frames, see `yowo.models.yowof.YOWOF`."""

    def watch(self, clips: Tensor) -> MemoryState:
        """Take all frames of clips, float [B, 3, K, H, W], from a state of zeros."""

    def advance(self, frames: Tensor, state: MemoryState) -> MemoryState:
        """Take one more frame of each video, float [B, 3, H, W]."""

    def entered(self, frames: Tensor) -> Tensor:
        """Compute what a step needs of frames, float [B, 3, H, W], whatever their pasts: float [B, channels, h, w]."""

    def follow(self, entered: Tensor, state: MemoryState | None) -> MemoryState:
        """Take one more frame of each video as `entered` gives it; a state of None is zeros."""

    def predict(self, hidden: Tensor, image_size: tuple[int, int]) -> RawOutput:
        """Predict from the memory's output, float [B, channels, h, w], for pictures of a height and width in pixels."""


class CarriedState(nn.Module):
    """A recurrent network, one frame a step, whose state is kept for the whole video (`streaming=state`).

    Nothing is forgotten: the output at a frame is that of the clip of all frames since the first one, of which the clip
    begins with K copies. It differs from that of the last K frames. See `yowo.models.frame_steps.FrameSteps`.

    Attributes:
        network: The network.
        clip_len: K.
        past: What a step needs of earlier ones, in the order of its arguments.
        kept: Names of what a step returns for later ones, in order.
        settled_after: Steps that `first` stands for.
    """

    past: tuple[Past, ...] = (Past("hidden", 1), Past("cell", 1))
    kept: tuple[str, ...] = ("hidden", "cell")
    settled_after: int

    def __init__(self, network: Recurrent, clip_len: int) -> None:
        """Take a network in evaluation mode, which is used and not copied, and K, at least 1."""
        super().__init__()
        self.network, self.clip_len = network, clip_len
        self.settled_after = clip_len - 1

    def forward(self, frames: Tensor, past: Sequence[Tensor]) -> tuple[RawOutput, list[Tensor]]:
        """Take the next frame of each of B videos, float [B, 3, H, W], see `FrameSteps`."""
        hidden, kept = self.window(frames, past)
        return self.detect(frames, hidden), kept

    def first(self, frames: Tensor) -> list[Tensor]:
        """Return the state after K - 1 copies of frames, float [B, 3, H, W]: the frame itself is the K-th."""
        entered = self.network.entered(frames)
        state = self.network.follow(entered, None)
        if self.clip_len == 1:
            return [torch.zeros_like(part) for part in state]
        for _ in range(self.clip_len - 2):
            state = self.network.follow(entered, state)
        return list(state)

    def remember(self, frames: Tensor, past: Sequence[Tensor]) -> list[Tensor]:
        """Take a step whose output is not wanted; only the head is left out."""
        return list(self.network.advance(frames, MemoryState(*past)))

    def window(self, frames: Tensor, past: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Take a step up to the memory's output [B, channels, h, w]; return it, and the state."""
        state = self.network.advance(frames, MemoryState(*past))
        return state.hidden, list(state)

    def detect(self, frames: Tensor, windows: Tensor) -> RawOutput:
        """Predict from the memory's outputs [B, channels, h, w] after frames, float [B, 3, H, W]."""
        return self.network.predict(windows, (frames.shape[2], frames.shape[3]))


class CarriedFeatures(nn.Module):
    """A recurrent network that detects on the last K frames and computes no frame's features twice.

    The output is that of the clip (`streaming=exact`), up to the rounding of sums in another order. See
    `yowo.models.frame_steps.FrameSteps`.

    Attributes:
        network: The network.
        clip_len: K.
        past: What a step needs of earlier ones, in the order of its arguments.
        kept: Names of what a step returns for later ones, in order.
        settled_after: Steps that `first` stands for.
    """

    past: tuple[Past, ...]
    kept: tuple[str, ...]
    settled_after: int

    def __init__(self, network: Recurrent, clip_len: int) -> None:
        """Take a network in evaluation mode, which is used and not copied, and K, at least 1."""
        super().__init__()
        self.network, self.clip_len = network, clip_len
        self.past = tuple(Past("entered", lag) for lag in range(clip_len - 1, 0, -1))
        self.kept = ("entered",) if self.past else ()
        self.settled_after = 1

    def forward(self, frames: Tensor, past: Sequence[Tensor]) -> tuple[RawOutput, list[Tensor]]:
        """Take the next frame of each of B videos, float [B, 3, H, W], see `FrameSteps`."""
        window, kept = self.window(frames, past)
        return self.detect(frames, window), kept

    def first(self, frames: Tensor) -> list[Tensor]:
        """Return what is kept of frames, float [B, 3, H, W]."""
        return self.remember(frames, ())

    def remember(self, frames: Tensor, past: Sequence[Tensor]) -> list[Tensor]:
        """Take a step whose output is not wanted: neither memory nor head runs."""
        return [self.network.entered(frames)][: len(self.kept)]

    def window(self, frames: Tensor, past: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return what the K frames of the clips give to the memory [B, K, channels, h, w], and what is kept."""
        entered = self.network.entered(frames)
        return torch.stack([*past, entered], dim=1), [entered][: len(self.kept)]

    def detect(self, frames: Tensor, windows: Tensor) -> RawOutput:
        """Run the memory over windows [B, K, channels, h, w] that end at frames, float [B, 3, H, W], and predict."""
        first, *others = windows.unbind(dim=1)
        state = self.network.follow(first, None)
        for entered in others:
            state = self.network.follow(entered, state)
        return self.network.predict(state.hidden, (frames.shape[2], frames.shape[3]))
