"""3D ShuffleNet-v2 (Kopuklu et al. 2019): the 3D backbone of YOWO-Nano."""

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from yowo.errors import ConfigError
from yowo.models.pooling import MaxPool3d
from yowo.models.recomputing import run_blocks, run_segment
from yowo.models.stem import Stem

WIDTHS: dict[str, tuple[int, int, int]] = {
    "0.25x": (32, 64, 128),
    "1.0x": (116, 232, 464),
    "1.5x": (176, 352, 704),
    "2.0x": (224, 488, 976),
}
REPEATS = (4, 8, 4)
STEM = 24


def shuffle(x: Tensor) -> Tensor:
    """Interleave the two halves of the channels of [B, C, T, H, W]."""
    batch, channels = x.shape[:2]
    return x.reshape(batch, 2, channels // 2, *x.shape[2:]).transpose(1, 2).reshape(x.shape)


def _pointwise(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv3d(inputs, outputs, 1, bias=False), nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)]


def _depthwise(channels: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv3d(channels, channels, 3, stride, padding=1, groups=channels, bias=False),
        nn.BatchNorm3d(channels),
    ]


class ShuffleUnit(nn.Module):
    """One unit: half of the channels pass by, or, where the size halves, both branches work on all of them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Make the unit; `stride` is 1 (inputs must equal outputs) or 2."""
        super().__init__()
        half = outputs // 2
        self.stride = stride
        first = half if stride == 1 else inputs
        self.branch1 = (
            nn.Identity() if stride == 1 else nn.Sequential(*_depthwise(inputs, stride), *_pointwise(inputs, half))
        )
        self.branch2 = nn.Sequential(*_pointwise(first, half), *_depthwise(half, stride), *_pointwise(half, half))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, T, H, W] to [B, outputs, T/s, H/s, W/s]."""
        passed, worked = x.chunk(2, dim=1) if self.stride == 1 else (x, x)
        return shuffle(torch.cat([self.branch1(passed), self.branch2(worked)], dim=1))


class ShuffleNetV2(nn.Module):
    """Stem and three stages of shuffle units; the output is the mean over time.

    Attributes:
        stages: Names of its parts by depth, from input to output.
        recompute: See `yowo.models.recomputing`; stem and units are the segments.
    """

    recompute = False

    def __init__(self, width: str = "1.0x", repeats: Sequence[int] = REPEATS, last_conv: bool = False) -> None:
        """Make the network.

        Args:
            width: One of `WIDTHS`.
            repeats: Units of the three stages.
            last_conv: Whether a last 1 x 1 x 1 convolution to 1024 channels (2.0x: 2048) follows, as in YOWOv3.

        Raises:
            ConfigError: The width is unknown.
        """
        super().__init__()
        if width not in WIDTHS:
            raise ConfigError(f"backbone3d.width: expected one of {', '.join(WIDTHS)}, got {width!r}")
        self.out_channels = WIDTHS[width][-1]
        self.conv1 = nn.Sequential(
            nn.Conv3d(3, STEM, 3, stride=(1, 2, 2), padding=1, bias=False), nn.BatchNorm3d(STEM), nn.ReLU(inplace=True)
        )
        self.maxpool = MaxPool3d(3, stride=2, padding=1)
        units: list[nn.Module] = []
        channels = STEM
        for outputs, count in zip(WIDTHS[width], repeats, strict=True):
            for position in range(count):
                units.append(ShuffleUnit(channels, outputs, stride=2 if position == 0 else 1))
                channels = outputs
        self.features = nn.Sequential(*units)
        self.conv_last: nn.Module = nn.Identity()
        if last_conv:
            self.out_channels = 2048 if width == "2.0x" else 1024
            self.conv_last = nn.Sequential(*_pointwise(channels, self.out_channels))
        ends = [sum(repeats[:stage]) for stage in range(len(repeats) + 1)]
        names = [tuple(f"features.{unit}" for unit in range(*pair)) for pair in pairwise(ends)]
        self.stages = (("conv1",), *names)

    def forward(self, clips: Tensor) -> Tensor:
        """Compute the feature of a batch of clips.

        Args:
            clips: float [B, 3, K, H, W], K >= 1, H and W multiples of 32.

        Returns:
            float [B, out_channels, H/32, W/32], the mean over time.
        """
        return self.after_stem(self.maxpool(run_segment(self.conv1, clips, self.recompute)))

    def stem_layers(self) -> Stem:
        """Return the layers before the first unit."""
        return Stem(cast(nn.Conv3d, self.conv1[0]), self.conv1[1], pool=True)

    def after_stem(self, x: Tensor) -> Tensor:
        """Map the stem's output [B, C, T, h, w] to the feature [B, out_channels, H/32, W/32]."""
        out: Tensor = self.conv_last(run_blocks(self.features, x, self.recompute)).mean(dim=2)
        return out
