"""Between a 2D backbone and its heads: spatial pyramid pooling, and a feature pyramid in both directions."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from yowo.models.layers import ConvNormAct, conv_unit


class Down(nn.Module):
    """Half the height and width: max-pooling and 1 x 1 convolution beside 1 x 1 and strided 3 x 3 convolution."""

    def __init__(self, inputs: int, branch: int, act: str) -> None:
        """Make the block; each of its two branches has `branch` channels."""
        super().__init__()
        self.pool = nn.MaxPool2d(2, 2)
        self.cv1 = ConvNormAct(inputs, branch, 1, act)
        self.cv2 = nn.Sequential(ConvNormAct(inputs, branch, 1, act), ConvNormAct(branch, branch, 3, act, stride=2))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, 2 branch, H/2, W/2]."""
        return torch.cat([self.cv1(self.pool(x)), self.cv2(x)], dim=1)


class PooledPyramid(nn.Module):
    """SPPF: three max-poolings of 5 in a row, between two 1 x 1 convolutions without norm or activation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """Make the block."""
        super().__init__()
        inner = inputs // 2
        self.cv1 = nn.Conv2d(inputs, inner, 1)
        self.cv2 = nn.Conv2d(4 * inner, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H, W]."""
        pooled = [self.cv1(x)]
        for _ in range(3):
            pooled.append(F.max_pool2d(pooled[-1], 5, 1, padding=2))
        out: Tensor = self.cv2(torch.cat(pooled, dim=1))
        return out


class PoolingLayer(nn.Module):
    """SPP: max-poolings of 5, 9 and 13 beside each other, between two 1 x 1 convolutions."""

    def __init__(self, channels: int, act: str) -> None:
        """Make the block."""
        super().__init__()
        self.cv1 = ConvNormAct(channels, channels, 1, act)
        self.cv2 = ConvNormAct(4 * channels, channels, 1, act)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, channels, H, W] to the same shape."""
        x = self.cv1(x)
        out: Tensor = self.cv2(torch.cat([x, *(F.max_pool2d(x, k, 1, padding=k // 2) for k in (5, 9, 13))], dim=1))
        return out


class PartialPyramid(nn.Module):
    """SPP-CSP: pyramid pooling on one half of the channels."""

    def __init__(self, inputs: int, outputs: int, act: str) -> None:
        """Make the block."""
        super().__init__()
        inner = inputs // 2
        self.cv1 = ConvNormAct(inputs, inner, 1, act)
        self.cv2 = ConvNormAct(inputs, inner, 1, act)
        self.m = nn.Sequential(
            ConvNormAct(inner, inner, 3, act), PoolingLayer(inner, act), ConvNormAct(inner, inner, 3, act)
        )
        self.cv3 = ConvNormAct(2 * inner, outputs, 1, act)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H, W]."""
        out: Tensor = self.cv3(torch.cat([self.cv1(x), self.m(self.cv2(x))], dim=1))
        return out


class ChainELAN(nn.Module):
    """The pyramid's block: two 1 x 1 convolutions, a chain of 3 x 3 units on the second, and one that joins all."""

    def __init__(
        self, inputs: int, outputs: int, act: str, depthwise: bool, first: float, second: float, depth: int
    ) -> None:
        """Make the block.

        Args:
            inputs: Channels in.
            outputs: Channels out.
            act: Activation.
            depthwise: Whether its 3 x 3 units are depth-wise.
            first: Inner channels over `inputs`.
            second: Channels of the units over the inner ones.
            depth: Units of the chain.
        """
        super().__init__()
        inner = int(inputs * first)
        narrow = int(inner * second)
        self.cv1 = ConvNormAct(inputs, inner, 1, act)
        self.cv2 = ConvNormAct(inputs, inner, 1, act)
        self.cv3 = nn.ModuleList(conv_unit(narrow if n else inner, narrow, act, depthwise) for n in range(depth))
        self.out = ConvNormAct(2 * inner + depth * narrow, outputs, 1, act)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H, W]."""
        parts = [self.cv1(x), self.cv2(x)]
        for unit in self.cv3:
            parts.append(unit(parts[-1]))
        out: Tensor = self.out(torch.cat(parts, dim=1))
        return out


class PyramidELAN(nn.Module):
    """A feature pyramid, down and up again (PaFPN), of `ChainELAN` blocks, and one convolution for each level."""

    def __init__(self, inputs: Sequence[int], outputs: int, width: float, act: str, down: str, depthwise: bool) -> None:
        """Make the pyramid.

        Args:
            inputs: Channels of the features of strides 8, 16 and 32.
            outputs: Channels of the three levels.
            width: 1 or 0.5, multiplier of the inner channels.
            act: Activation.
            down: How the size is halved: "pool" (max-pooling and 1 x 1 convolution), "conv" or "both" (`Down`).
            depthwise: Whether its 3 x 3 units are depth-wise.
        """
        super().__init__()
        fine, middle, coarse = inputs
        narrow, normal, wide, widest = (int(channels * width) for channels in (128, 256, 512, 1024))
        ratios = (0.5, 0.5, 4) if width == 1 else (0.25, 1.0, 2)

        def block(channels: int, out: int) -> ChainELAN:
            return ChainELAN(channels, out, act, depthwise, *ratios)

        self.cv1 = ConvNormAct(coarse, normal, 1, act)
        self.cv2 = ConvNormAct(middle, normal, 1, act)
        self.head_elan_1 = block(2 * normal, normal)
        self.cv3 = ConvNormAct(normal, narrow, 1, act)
        self.cv4 = ConvNormAct(fine, narrow, 1, act)
        self.head_elan_2 = block(2 * narrow, narrow)
        self.mp1 = _halving(down, narrow, act)
        self.head_elan_3 = block(2 * normal, normal)
        self.mp2 = _halving(down, normal, act)
        self.head_elan_4 = block(wide + coarse, wide)
        self.head_conv_1 = conv_unit(narrow, normal, act, depthwise)
        self.head_conv_2 = conv_unit(normal, wide, act, depthwise)
        self.head_conv_3 = conv_unit(wide, widest, act, depthwise)
        self.out_layers = nn.ModuleList(ConvNormAct(c, outputs, 1, act) for c in (normal, wide, widest))

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Map features of strides 8, 16 and 32 to levels of the same strides, finest first."""
        fine, middle, coarse = features
        up = F.interpolate(self.cv1(coarse), scale_factor=2.0)
        fourth = self.head_elan_1(torch.cat([up, self.cv2(middle)], dim=1))
        up = F.interpolate(self.cv3(fourth), scale_factor=2.0)
        third = self.head_elan_2(torch.cat([up, self.cv4(fine)], dim=1))
        fourth = self.head_elan_3(torch.cat([self.mp1(third), fourth], dim=1))
        fifth = self.head_elan_4(torch.cat([self.mp2(fourth), coarse], dim=1))
        levels = (self.head_conv_1(third), self.head_conv_2(fourth), self.head_conv_3(fifth))
        return [layer(level) for layer, level in zip(self.out_layers, levels, strict=True)]


def _halving(how: str, inputs: int, act: str) -> nn.Module:
    """Make a layer that halves height and width and doubles the channels."""
    if how == "pool":
        return nn.Sequential(nn.MaxPool2d(2, 2), ConvNormAct(inputs, 2 * inputs, 1, act))
    if how == "conv":
        return ConvNormAct(inputs, 2 * inputs, 3, act, stride=2)
    return Down(inputs, inputs, act)
