"""3D ResNet and ResNeXt of the Kinetics family (Hara et al. 2018, Kopuklu et al. 2019): 3D backbones, whole clip."""

from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from yowo.errors import ConfigError
from yowo.models.pooling import MaxPool3d
from yowo.models.recomputing import run_blocks, run_segment
from yowo.models.stem import Stem

SHORTCUTS = ("pool", "conv")


class PoolShortcut(nn.Module):
    """Shortcut without weights (type A): take every `stride`-th pixel, fill the missing channels with zeros."""

    def __init__(self, outputs: int, stride: int) -> None:
        """Widen to `outputs` channels and step by `stride` in time and space."""
        super().__init__()
        self.outputs, self.stride = outputs, stride

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, c, T, H, W] to [B, outputs, T/s, H/s, W/s]."""
        s = self.stride
        return F.pad(x[:, :, ::s, ::s, ::s], (0, 0, 0, 0, 0, 0, 0, self.outputs - x.shape[1]))


class Basic(nn.Module):
    """Two 3 x 3 x 3 convolutions around a shortcut."""

    def __init__(self, inputs: int, middle: int, outputs: int, stride: int, groups: int, shortcut: nn.Module) -> None:
        """Make the block; `middle` and `groups` are not used, `shortcut` maps inputs to outputs."""
        super().__init__()
        self.conv1 = nn.Conv3d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm3d(outputs)
        self.conv2 = nn.Conv3d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm3d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, T, H, W] to [B, outputs, T/s, H/s, W/s]."""
        y = self.relu(self.bn1(self.conv1(x)))
        out: Tensor = self.relu(self.bn2(self.conv2(y)) + self.downsample(x))
        return out


class Bottleneck(nn.Module):
    """1, 3 (grouped in ResNeXt) and 1 wide convolutions around a shortcut."""

    def __init__(self, inputs: int, middle: int, outputs: int, stride: int, groups: int, shortcut: nn.Module) -> None:
        """Make the block with `middle` channels inside, in `groups` groups."""
        super().__init__()
        self.conv1 = nn.Conv3d(inputs, middle, 1, bias=False)
        self.bn1 = nn.BatchNorm3d(middle)
        self.conv2 = nn.Conv3d(middle, middle, 3, stride, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm3d(middle)
        self.conv3 = nn.Conv3d(middle, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm3d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, T, H, W] to [B, outputs, T/s, H/s, W/s]."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        out: Tensor = self.relu(self.bn3(self.conv3(y)) + self.downsample(x))
        return out


class ResNet3D(nn.Module):
    """Four stages over a 7 x 7 x 7 stem; the output is the mean over time.

    Attributes:
        stages: Names of its parts by depth, from input to output.
        recompute: See `yowo.models.recomputing`; stem and blocks are the segments.
    """

    stages = (("conv1", "bn1"), ("layer1",), ("layer2",), ("layer3",), ("layer4",))
    recompute = False
    layer1: nn.Sequential
    layer2: nn.Sequential
    layer3: nn.Sequential
    layer4: nn.Sequential

    def __init__(
        self,
        block: type[Basic] | type[Bottleneck],
        layers: Sequence[int],
        middle: Sequence[int],
        outputs: Sequence[int],
        groups: int = 1,
        shortcut: str = "conv",
        stem: int = 64,
        stem_kernel: Sequence[int] = (7, 7, 7),
        stem_stride: Sequence[int] = (1, 2, 2),
        stem_pool: bool = True,
    ) -> None:
        """Make the network.

        Args:
            block: `Basic` or `Bottleneck`.
            layers: Blocks of the four stages.
            middle: Inner channels of a block, by stage.
            outputs: Channels out of a block, by stage.
            groups: Groups of the inner convolution (cardinality).
            shortcut: "conv" (1 x 1 x 1 convolution, type B) or "pool" (no weights, type A) where sizes change.
            stem: Channels of the stem.
            stem_kernel: Kernel of the stem in time, height and width; odd numbers.
            stem_stride: Stride of the stem in time, height and width.
            stem_pool: Whether a max pooling of stride 2 follows the stem. Without it, a `stem_stride` of (2, 4, 4)
                gives features of the same size at an eighth of the stem's cost.

        Raises:
            ConfigError: `shortcut` is unknown, or a list does not have four entries.
        """
        super().__init__()
        if shortcut not in SHORTCUTS:
            raise ConfigError(f"backbone3d.shortcut: expected one of {', '.join(SHORTCUTS)}, got {shortcut!r}")
        if not len(layers) == len(middle) == len(outputs) == 4:
            raise ConfigError("backbone3d: expected four entries in each of layers, middle and outputs, one per stage")
        self.out_channels = outputs[-1]
        depth, height, width = stem_kernel
        padding = (depth // 2, height // 2, width // 2)
        step: tuple[int, int, int] = (stem_stride[0], stem_stride[1], stem_stride[2])
        self.conv1 = nn.Conv3d(3, stem, (depth, height, width), stride=step, padding=padding, bias=False)
        self.bn1 = nn.BatchNorm3d(stem)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = MaxPool3d(3, stride=2, padding=1) if stem_pool else nn.Identity()
        channels = stem
        for stage, (count, inner, out) in enumerate(zip(layers, middle, outputs, strict=True), start=1):
            blocks: list[nn.Module] = []
            for position in range(count):
                stride = 2 if stage > 1 and position == 0 else 1
                change = _shortcut(shortcut, channels, out, stride)
                blocks.append(block(channels, inner, out, stride, groups, change))
                channels = out
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, clips: Tensor) -> Tensor:
        """Compute the feature of a batch of clips.

        Args:
            clips: float [B, 3, K, H, W], K >= 1, H and W multiples of 32.

        Returns:
            float [B, out_channels, H/32, W/32], the mean over time.
        """
        return self.after_stem(run_segment(self._stem, clips, self.recompute, [self.bn1]))

    def stem_layers(self) -> Stem:
        """Return the layers before the first stage."""
        return Stem(self.conv1, self.bn1, pool=not isinstance(self.maxpool, nn.Identity))

    def after_stem(self, x: Tensor) -> Tensor:
        """Map the stem's output [B, C, T, h, w] to the feature [B, out_channels, H/32, W/32]."""
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = run_blocks(layer, x, self.recompute)
        out: Tensor = x.mean(dim=2)
        return out

    def _stem(self, clips: Tensor) -> Tensor:
        out: Tensor = self.maxpool(self.relu(self.bn1(self.conv1(clips))))
        return out


def _shortcut(kind: str, inputs: int, outputs: int, stride: int) -> nn.Module:
    """Make the path around a block: nothing where sizes agree."""
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    if kind == "pool":
        return PoolShortcut(outputs, stride)
    return nn.Sequential(nn.Conv3d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm3d(outputs))


RESNETS = {
    "resnet18": partial(ResNet3D, Basic, (2, 2, 2, 2), (64, 128, 256, 512), (64, 128, 256, 512), shortcut="pool"),
    "resnet50": partial(ResNet3D, Bottleneck, (3, 4, 6, 3), (64, 128, 256, 512), (256, 512, 1024, 2048)),
    "resnet101": partial(ResNet3D, Bottleneck, (3, 4, 23, 3), (64, 128, 256, 512), (256, 512, 1024, 2048)),
    "resnext50": partial(ResNet3D, Bottleneck, (3, 4, 6, 3), (128, 256, 512, 1024), (256, 512, 1024, 2048), groups=32),
    "resnext101": partial(
        ResNet3D, Bottleneck, (3, 4, 23, 3), (128, 256, 512, 1024), (256, 512, 1024, 2048), groups=32
    ),
    "resnext152": partial(
        ResNet3D, Bottleneck, (3, 8, 36, 3), (128, 256, 512, 1024), (256, 512, 1024, 2048), groups=32
    ),
}


def build_resnet3d(name: str, shortcut: str | None = None) -> ResNet3D:
    """Make a network of the family by name.

    Args:
        name: One of `RESNETS`.
        shortcut: See `ResNet3D`; None takes the kind that the network is published with.

    Raises:
        ConfigError: The name is none of the family.
    """
    if name not in RESNETS:
        raise ConfigError(f"backbone3d.name: expected one of {', '.join(RESNETS)}, got {name!r}")
    return RESNETS[name]() if shortcut is None else RESNETS[name](shortcut=shortcut)


def tiny_resnet3d(
    width: int,
    layers: Sequence[int] = (1, 1, 1, 1),
    stem_kernel: Sequence[int] = (3, 5, 5),
    stem_stride: Sequence[int] = (1, 2, 2),
    stem_pool: bool = True,
) -> ResNet3D:
    """Make a narrow ResNet of basic blocks, to be trained from random weights.

    Each filter of its stem starts with a mean over time of zero, so that at first it sees what changes and nothing
    that rests: without it, some hundred steps pass before the network finds out that motion matters.

    Args:
        width: Channels of the stem and the first stage; they double at each next one.
        layers: Blocks of the four stages.
        stem_kernel: Size of the stem's filters in time, height and width.
        stem_stride: Their stride, see `ResNet3D`.
        stem_pool: Whether a max pooling follows them.
    """
    channels = [width * 2**stage for stage in range(4)]
    stem = {"stem_kernel": stem_kernel, "stem_stride": stem_stride, "stem_pool": stem_pool}
    net = ResNet3D(Basic, layers, channels, channels, stem=width, **stem)  # type: ignore[arg-type]
    with torch.no_grad():
        net.conv1.weight -= net.conv1.weight.mean(dim=2, keepdim=True)
    return net
