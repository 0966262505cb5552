"""YOLOv8 without its head: YOWOv3's 2D branch, features on three levels."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from yowo.errors import ConfigError
from yowo.models.layers import ConvNormAct, set_norms
from yowo.models.recomputing import run_blocks, run_segment

SIZES: dict[str, tuple[tuple[int, ...], tuple[int, int, int]]] = {
    "pico": ((8, 16, 32, 64, 128), (1, 1, 1)),
    "n": ((16, 32, 64, 128, 256), (1, 2, 2)),
    "s": ((32, 64, 128, 256, 512), (1, 2, 2)),
    "m": ((48, 96, 192, 384, 576), (2, 4, 4)),
    "l": ((64, 128, 256, 512, 512), (3, 6, 6)),
    "x": ((80, 160, 320, 640, 640), (3, 6, 6)),
}
"""Widths of the five stages, and the depths of their blocks, by size; `pico` is this project's own."""
NORM_EPS, NORM_MOMENTUM = 1e-3, 0.03
ACT = "silu"


class Residual(nn.Module):
    """Two 3 x 3 convolutions, with or without their input added."""

    def __init__(self, channels: int, add: bool) -> None:
        """Make the block."""
        super().__init__()
        self.add = add
        self.res_m = nn.Sequential(ConvNormAct(channels, channels, 3, ACT), ConvNormAct(channels, channels, 3, ACT))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, channels, H, W] to the same shape."""
        out: Tensor = self.res_m(x)
        return out + x if self.add else out


class CSP(nn.Module):
    """YOLOv8's C2f, its first convolution in two halves: a chain of blocks on the second, and one that joins all."""

    def __init__(self, inputs: int, outputs: int, depth: int, add: bool) -> None:
        """Make the block; `add`: whether the blocks of its chain are residual."""
        super().__init__()
        self.conv1 = ConvNormAct(inputs, outputs // 2, 1, ACT)
        self.conv2 = ConvNormAct(inputs, outputs // 2, 1, ACT)
        self.res_m = nn.ModuleList(Residual(outputs // 2, add) for _ in range(depth))
        self.conv3 = ConvNormAct((2 + depth) * (outputs // 2), outputs, 1, ACT)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H, W]."""
        parts = [self.conv1(x), self.conv2(x)]
        for block in self.res_m:
            parts.append(block(parts[-1]))
        out: Tensor = self.conv3(torch.cat(parts, dim=1))
        return out


class Pyramid(nn.Module):
    """SPPF: three max-poolings of 5 in a row between two 1 x 1 convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """Make the block."""
        super().__init__()
        self.conv1 = ConvNormAct(inputs, inputs // 2, 1, ACT)
        self.conv2 = ConvNormAct(4 * (inputs // 2), outputs, 1, ACT)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H, W]."""
        pooled = [self.conv1(x)]
        for _ in range(3):
            pooled.append(F.max_pool2d(pooled[-1], 5, 1, padding=2))
        out: Tensor = self.conv2(torch.cat(pooled, dim=1))
        return out


class Stages(nn.Module):
    """The backbone: five stages; the last three give features."""

    def __init__(self, widths: Sequence[int], depths: Sequence[int]) -> None:
        """Make the stages."""
        super().__init__()
        w1, w2, w3, w4, w5 = widths
        first, second, third = depths

        def half(inputs: int, outputs: int) -> ConvNormAct:
            return ConvNormAct(inputs, outputs, 3, ACT, stride=2)

        self.p1 = nn.Sequential(half(3, w1))
        self.p2 = nn.Sequential(half(w1, w2), CSP(w2, w2, first, True))
        self.p3 = nn.Sequential(half(w2, w3), CSP(w3, w3, second, True))
        self.p4 = nn.Sequential(half(w3, w4), CSP(w4, w4, third, True))
        self.p5 = nn.Sequential(half(w4, w5), CSP(w5, w5, first, True), Pyramid(w5, w5))

    def forward(self, frames: Tensor, recompute: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Map [B, 3, H, W] to features of strides 8, 16 and 32; `recompute`: see `yowo.models.recomputing`."""
        fine = frames
        for stage in (self.p1, self.p2, self.p3):
            fine = run_blocks(stage, fine, recompute)
        middle = run_blocks(self.p4, fine, recompute)
        return fine, middle, run_blocks(self.p5, middle, recompute)


class UpAndDown(nn.Module):
    """The feature pyramid, down and up again."""

    def __init__(self, widths: Sequence[int], depth: int) -> None:
        """Make the pyramid."""
        super().__init__()
        _, _, w3, w4, w5 = widths
        self.h1 = CSP(w5 + w4, w4, depth, False)
        self.h2 = CSP(w4 + w3, w3, depth, False)
        self.h3 = ConvNormAct(w3, w3, 3, ACT, stride=2)
        self.h4 = CSP(w3 + w4, w4, depth, False)
        self.h5 = ConvNormAct(w4, w4, 3, ACT, stride=2)
        self.h6 = CSP(w4 + w5, w5, depth, False)

    def forward(self, features: Sequence[Tensor], recompute: bool = False) -> list[Tensor]:
        """Map features of strides 8, 16 and 32 to levels of the same strides, finest first."""

        def joined(block: nn.Module, first: Tensor, second: Tensor) -> Tensor:
            return run_segment(block, torch.cat([first, second], dim=1), recompute)

        fine, middle, coarse = features
        h1 = joined(self.h1, F.interpolate(coarse, scale_factor=2.0), middle)
        h2 = joined(self.h2, F.interpolate(h1, scale_factor=2.0), fine)
        h4 = joined(self.h4, self.h3(h2), h1)
        return [h2, h4, joined(self.h6, self.h5(h4), coarse)]


class YOLOv8(nn.Module):
    """Backbone and pyramid.

    Attributes:
        out_channels: Channels of the three levels, finest first.
        strides: Their strides in pixels.
        stages: Names of its parts by depth, from input to output.
        recompute: See `yowo.models.recomputing`; the blocks are the segments.
    """

    strides = (8, 16, 32)
    stages = (*((f"net.p{n}",) for n in range(1, 6)), ("fpn",))
    recompute = False

    def __init__(self, size: str) -> None:
        """Make the network.

        Args:
            size: One of `SIZES`.

        Raises:
            ConfigError: The size is unknown.
        """
        super().__init__()
        if size not in SIZES:
            raise ConfigError(f"backbone2d.size: expected one of {', '.join(SIZES)}, got {size!r}")
        widths, depths = SIZES[size]
        self.out_channels = widths[2:]
        self.net = Stages(widths, depths)
        self.fpn = UpAndDown(widths, depths[0])
        set_norms(self, NORM_EPS, NORM_MOMENTUM)

    def forward(self, frames: Tensor) -> list[Tensor]:
        """Compute the features of a batch of key frames.

        Args:
            frames: float [B, 3, H, W], H and W multiples of 32.

        Returns:
            One float [B, channels, h, w] a level, finest first.
        """
        levels: list[Tensor] = self.fpn(self.net(frames, self.recompute), self.recompute)
        return levels
