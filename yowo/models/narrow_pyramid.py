"""Narrow residual stages from a stride of 4 down to 32 and back up: context and fine places for small people."""

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from yowo.errors import ConfigError
from yowo.models.layers import ConvNormAct

STRIDES = (8, 16, 32)
"""Strides of the stages after the first, finest first."""


class ResidualUnits(nn.Module):
    """Two 3 x 3 units around a shortcut."""

    def __init__(self, channels: int, act: str) -> None:
        """Make the block."""
        super().__init__()
        self.layers = nn.Sequential(ConvNormAct(channels, channels, 3, act), ConvNormAct(channels, channels, 3, act))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, channels, H, W] to the same shape."""
        out: Tensor = x + self.layers(x)
        return out


class NarrowPyramid(nn.Module):
    """Three stages, each at half the size of the one before, whose outputs are added up from coarse to fine.

    Attributes:
        out_channels: Channels of the feature.
        stride: Stride of the feature in pixels of the picture.
    """

    def __init__(
        self, inputs: int, channels: Sequence[int], out_channels: int, stride: int = 8, act: str = "leaky_relu"
    ) -> None:
        """Make the stages.

        Args:
            inputs: Channels of the feature of stride 4 that goes in.
            channels: Channels of the stages of strides 8, 16 and 32.
            out_channels: Channels of the output.
            stride: Stride of the output, 8, 16 or 32.
            act: Activation, one of `yowo.models.layers.ACTIVATIONS`.

        Raises:
            ConfigError: `stride` is another one, or `channels` are not three.
        """
        super().__init__()
        if stride not in STRIDES or len(channels) != len(STRIDES):
            raise ConfigError(
                f"backbone: expected stride 8, 16 or 32 and three numbers of channels, got {stride}, {list(channels)}"
            )
        self.out_channels, self.stride = out_channels, stride
        widths = [inputs, *channels]
        self.stages = nn.ModuleList(
            nn.Sequential(ConvNormAct(before, after, 3, act, stride=2), ResidualUnits(after, act))
            for before, after in pairwise(widths)
        )
        self.first = STRIDES.index(stride)
        self.laterals = nn.ModuleList(nn.Conv2d(after, out_channels, 1) for after in channels[self.first :])
        self.smooth = ConvNormAct(out_channels, out_channels, 3, act)

    def forward(self, x: Tensor) -> Tensor:
        """Map a feature of stride 4, [B, inputs, H/4, W/4], to [B, out_channels, H/stride, W/stride]."""
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        total: Tensor | None = None
        for lateral, level in zip(reversed(self.laterals), reversed(levels), strict=False):
            own = lateral(level)
            total = own if total is None else own + F.interpolate(total, size=own.shape[-2:])
        out: Tensor = self.smooth(total)
        return out
