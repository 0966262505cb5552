"""I3D (Carreira and Zisserman 2017), Inception inflated to three dimensions: YOWOv3's 3D backbone."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from yowo.models.recomputing import run_segment

Triple = tuple[int, int, int]
MIXED: dict[str, tuple[int, int, int, int, int, int]] = {
    "Mixed_3b": (64, 96, 128, 16, 32, 32),
    "Mixed_3c": (128, 128, 192, 32, 96, 64),
    "Mixed_4b": (192, 96, 208, 16, 48, 64),
    "Mixed_4c": (160, 112, 224, 24, 64, 64),
    "Mixed_4d": (128, 128, 256, 24, 64, 64),
    "Mixed_4e": (112, 144, 288, 32, 64, 64),
    "Mixed_4f": (256, 160, 320, 32, 128, 128),
    "Mixed_5b": (256, 160, 320, 32, 128, 128),
    "Mixed_5c": (384, 192, 384, 48, 128, 128),
}
"""Channels of b0, b1a, b1b, b2a, b2b and b3b of each mixed block."""
STAGES = (
    ("Mixed_3b", "Mixed_3c"),
    ("Mixed_4b", "Mixed_4c", "Mixed_4d", "Mixed_4e", "Mixed_4f"),
    ("Mixed_5b", "Mixed_5c"),
)


def padded(x: Tensor, kernel: Triple, stride: Triple) -> Tensor:
    """Pad with zeros as TensorFlow's SAME does: so that ceil(size / stride) positions come out, the extra one behind.

    Args:
        x: float [B, C, T, H, W].
        kernel: Of the layer that follows, in time, height and width.
        stride: Of the layer that follows.
    """
    sides: list[int] = []
    for size, k, s in zip(reversed(x.shape[2:]), reversed(kernel), reversed(stride), strict=True):
        both = max(k - s if size % s == 0 else k - size % s, 0)
        sides += [both // 2, both - both // 2]
    return F.pad(x, sides) if any(sides) else x


class Unit(nn.Module):
    """Convolution without bias, batch norm, ReLU; padded as `padded`."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> None:
        """Make the unit; kernel and stride are the same in time, height and width."""
        super().__init__()
        self.kernel: Triple = (kernel, kernel, kernel)
        self.stride: Triple = (stride, stride, stride)
        self.conv3d = nn.Conv3d(inputs, outputs, self.kernel, self.stride, bias=False)
        self.bn = nn.BatchNorm3d(outputs, eps=1e-3, momentum=0.01)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, T, H, W] to [B, outputs, T/s, H/s, W/s], rounded up."""
        out: Tensor = F.relu(self.bn(self.conv3d(padded(x, self.kernel, self.stride))), inplace=True)
        return out


class Pool(nn.Module):
    """Max-pooling that counts the padding as zeros."""

    def __init__(self, kernel: Triple, stride: Triple) -> None:
        """Make the layer."""
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, C, T, H, W] to the pooled size, rounded up."""
        return F.max_pool3d(padded(x, self.kernel, self.stride), self.kernel, self.stride)


class Mixed(nn.Module):
    """Four branches beside each other."""

    def __init__(self, inputs: int, channels: Sequence[int]) -> None:
        """Make the block; `channels` as in `MIXED`."""
        super().__init__()
        b0, b1a, b1b, b2a, b2b, b3b = channels
        self.b0 = Unit(inputs, b0)
        self.b1a, self.b1b = Unit(inputs, b1a), Unit(b1a, b1b, 3)
        self.b2a, self.b2b = Unit(inputs, b2a), Unit(b2a, b2b, 3)
        self.b3a, self.b3b = Pool((3, 3, 3), (1, 1, 1)), Unit(inputs, b3b)
        self.out_channels = b0 + b1b + b2b + b3b

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, T, H, W] to [B, out_channels, T, H, W]."""
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(self.b3a(x))], dim=1)


class I3D(nn.Module):
    """The network up to Mixed_5c; the output is the mean over time.

    Attributes:
        out_channels: Channels of the feature.
        stages: Names of its parts by depth, from input to output.
        recompute: See `yowo.models.recomputing`; units and mixed blocks are the segments.
    """

    stages = (("Conv3d_1a_7x7",), ("Conv3d_2b_1x1", "Conv3d_2c_3x3"), *STAGES)
    recompute = False

    def __init__(self) -> None:
        """Make the network."""
        super().__init__()
        self.Conv3d_1a_7x7 = Unit(3, 64, 7, 2)
        self.Conv3d_2b_1x1 = Unit(64, 64)
        self.Conv3d_2c_3x3 = Unit(64, 192, 3)
        channels = 192
        for name, widths in MIXED.items():
            block = Mixed(channels, widths)
            self.add_module(name, block)
            channels = block.out_channels
        self.out_channels = channels
        flat: Triple = (1, 3, 3)
        self.pool_2a, self.pool_3a = Pool(flat, (1, 2, 2)), Pool(flat, (1, 2, 2))
        self.pool_4a, self.pool_5a = Pool((3, 3, 3), (2, 2, 2)), Pool((2, 2, 2), (2, 2, 2))

    def forward(self, clips: Tensor) -> Tensor:
        """Compute the feature of a batch of clips.

        Args:
            clips: float [B, 3, K, H, W], K >= 1, H and W multiples of 32.

        Returns:
            float [B, 1024, H/32, W/32], the mean over time.
        """
        x = clips
        for names, pool in zip(
            self.stages, (self.pool_2a, self.pool_3a, self.pool_4a, self.pool_5a, None), strict=True
        ):
            for name in names:
                x = run_segment(self.get_submodule(name), x, self.recompute)
            x = x if pool is None else pool(x)
        out: Tensor = x.mean(dim=2)
        return out
