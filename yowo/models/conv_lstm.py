"""A convolutional LSTM (Shi et al. 2015): joins the features of frames over time, with a state that can be kept."""

from typing import NamedTuple

import torch
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
        gates = self.conv(torch.cat([feature, state.hidden], dim=1))
        enter, keep, show, fresh = gates.split(self.out_channels, dim=1)
        cell = keep.sigmoid() * state.cell + enter.sigmoid() * fresh.tanh()
        return MemoryState(show.sigmoid() * cell.tanh(), cell)
