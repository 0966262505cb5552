"""A convolutional LSTM (Shi et al. 2015): joins the features of frames over time, with a state that can be kept."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MemoryState(NamedTuple):
    """What the memory knows after a frame.

    Attributes:
        hidden: float [B, channels, h, w], its output h.
        cell: float [B, channels, h, w], its memory c.
    """

    hidden: Tensor
    cell: Tensor


class ConvLSTM(nn.Module):
    """One cell whose gates are a 3 x 3 convolution of the frame's feature and the last output; no peepholes, no norm.

    i, f, o, g = conv([x, h]); c' = sigmoid(f) c + sigmoid(i) tanh(g); h' = sigmoid(o) tanh(c').

    Attributes:
        out_channels: Channels of output and memory.
    """

    def __init__(self, inputs: int, channels: int = 256, kernel: int = 3) -> None:
        """Make the cell.

        Args:
            inputs: Channels of the features.
            channels: Channels of output and memory.
            kernel: Width and height of the convolution, odd.
        """
        super().__init__()
        self.out_channels = channels
        self.conv = nn.Conv2d(inputs + channels, 4 * channels, kernel, padding=kernel // 2)

    def start(self, feature: Tensor) -> MemoryState:
        """Return the state before the first frame, zeros.

        Args:
            feature: float [B, inputs, h, w], of any frame.
        """
        zeros = feature.new_zeros(feature.shape[0], self.out_channels, *feature.shape[2:])
        return MemoryState(zeros, zeros)

    def forward(self, feature: Tensor, state: MemoryState) -> MemoryState:
        """Take the next frame.

        Args:
            feature: float [B, inputs, h, w].
            state: After the frame before, or `start`.

        Returns:
            The state after the frame.
        """
        return gated(self.conv(torch.cat([feature, state.hidden], dim=1)), state.cell)

    def entered(self, feature: Tensor) -> Tensor:
        """Compute the part of the gates that depends on the frame alone, so that it need not be computed again.

        Args:
            feature: float [B, inputs, h, w].

        Returns:
            float [B, 4 channels, h, w].
        """
        weight = self.conv.weight[:, : -self.out_channels]
        return F.conv2d(feature, weight, self.conv.bias, padding=self.conv.padding)

    def follow(self, entered: Tensor, state: MemoryState | None) -> MemoryState:
        """Take the next frame as `entered` gives it; up to the rounding of sums the same as `forward`.

        Args:
            entered: float [B, 4 channels, h, w].
            state: After the frame before; None is `start`.

        Returns:
            The state after the frame.
        """
        if state is None:
            return gated(entered, None)
        weight = self.conv.weight[:, -self.out_channels :]
        return gated(entered + F.conv2d(state.hidden, weight, padding=self.conv.padding), state.cell)


def gated(gates: Tensor, cell: Tensor | None) -> MemoryState:
    """Return the state after a frame.

    Args:
        gates: float [B, 4 channels, h, w]: i, f, o, g before their functions.
        cell: float [B, channels, h, w], the memory before; None is zeros.
    """
    enter, keep, show, fresh = gates.chunk(4, dim=1)
    new = enter.sigmoid() * fresh.tanh()
    if cell is not None:
        new = keep.sigmoid() * cell + new
    return MemoryState(show.sigmoid() * new.tanh(), new)
