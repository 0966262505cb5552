"""A narrow 2D backbone with a fine output, for small people and networks trained from random weights."""

from torch import Tensor, nn

from yowo.models.layers import ConvNormAct
from yowo.models.narrow_pyramid import NarrowPyramid, ResidualUnits


class Pyramid2D(nn.Module):
    """A stem of stride 4, and `NarrowPyramid`.

    Attributes:
        out_channels: Channels of the feature.
        stride: Stride of the feature in pixels.
    """

    def __init__(self, width: int = 16, out_channels: int = 64, stride: int = 8, act: str = "leaky_relu") -> None:
        """Make the network.

        Args:
            width: Channels of the first layer; the stages of strides 4, 8, 16 and 32 have 2, 4, 6 and 8 times as many.
            out_channels: Channels of the feature.
            stride: Stride of the feature, 8, 16 or 32.
            act: Activation, one of `yowo.models.layers.ACTIVATIONS`.
        """
        super().__init__()
        self.out_channels, self.stride = out_channels, stride
        self.stem = nn.Sequential(
            ConvNormAct(3, width, 3, act, stride=2),
            ConvNormAct(width, 2 * width, 3, act, stride=2),
            ResidualUnits(2 * width, act),
        )
        self.pyramid = NarrowPyramid(2 * width, (4 * width, 6 * width, 8 * width), out_channels, stride, act)

    def forward(self, frames: Tensor) -> Tensor:
        """Map key frames [B, 3, H, W], H and W multiples of `stride`, to [B, out_channels, H/stride, W/stride]."""
        out: Tensor = self.pyramid(self.stem(frames))
        return out
