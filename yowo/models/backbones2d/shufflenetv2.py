"""2D ShuffleNet-v2 (Ma et al. 2018): features of three strides, for YOWOv2-Nano."""

import torch
from torch import Tensor, nn

from yowo.models.recomputing import run_blocks, run_segment

STAGES = (("stage2", 4, 116), ("stage3", 8, 232), ("stage4", 4, 464))
"""Name, units and channels of the stages of width 1.0."""
STEM = 24


def shuffle(x: Tensor) -> Tensor:
    """Interleave the two halves of the channels of [B, C, H, W]."""
    batch, channels = x.shape[:2]
    return x.reshape(batch, 2, channels // 2, *x.shape[2:]).transpose(1, 2).reshape(x.shape)


class ShuffleUnit(nn.Module):
    """One unit: half of the channels pass by, or, where the size halves, both branches work on all of them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Make the unit; `stride` is 1 (inputs must equal outputs) or 2."""
        super().__init__()
        half, self.stride = outputs // 2, stride
        first = half if stride == 1 else inputs
        self.branch1 = (
            nn.Identity() if stride == 1 else nn.Sequential(*_depthwise(inputs, 2), *_pointwise(inputs, half))
        )
        self.branch2 = nn.Sequential(*_pointwise(first, half), *_depthwise(half, stride), *_pointwise(half, half))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H/s, W/s]."""
        passed, worked = x.chunk(2, dim=1) if self.stride == 1 else (x, x)
        return shuffle(torch.cat([self.branch1(passed), self.branch2(worked)], dim=1))


def _pointwise(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _depthwise(channels: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
    ]


class ShuffleNetV2(nn.Module):
    """Stem of stride 4 and three stages of units.

    Attributes:
        channels: Channels of the features of strides 8, 16 and 32.
        stages: Names of its parts by depth, from input to output.
    """

    channels = (116, 232, 464)
    stages = (("conv1",), *((name,) for name, _, _ in STAGES))
    stage2: nn.Sequential
    stage3: nn.Sequential
    stage4: nn.Sequential

    def __init__(self) -> None:
        """Make the network of width 1.0."""
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, STEM, 3, 2, padding=1, bias=False), nn.BatchNorm2d(STEM), nn.ReLU(inplace=True)
        )
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        channels = STEM
        for name, count, outputs in STAGES:
            units: list[nn.Module] = []
            for position in range(count):
                units.append(ShuffleUnit(channels, outputs, 2 if position == 0 else 1))
                channels = outputs
            self.add_module(name, nn.Sequential(*units))

    def forward(self, frames: Tensor, recompute: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Map [B, 3, H, W] to features of strides 8, 16 and 32; `recompute`: see `yowo.models.recomputing`."""
        fine = run_blocks(self.stage2, self.maxpool(run_segment(self.conv1, frames, recompute)), recompute)
        middle = run_blocks(self.stage3, fine, recompute)
        return fine, middle, run_blocks(self.stage4, middle, recompute)
