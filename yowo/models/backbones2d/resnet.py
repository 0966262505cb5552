"""2D ResNet (He et al. 2016) as in torchvision and MMAction: YOWOF's backbone, which reads frames one by one."""

from collections.abc import Sequence

from torch import Tensor, nn

from yowo.contracts import STRIDE
from yowo.errors import ConfigError
from yowo.models.recomputing import run_blocks, run_segment

WIDTH = 64
"""Inner channels of the first stage's blocks; each later stage has twice as many."""


class Basic(nn.Module):
    """Two 3 x 3 convolutions and the way around them."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        """Make the block: [B, inputs, H, W] to [B, width, H / stride, W / stride]."""
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the block."""
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out: Tensor = self.relu(inner + (x if self.downsample is None else self.downsample(x)))
        return out


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 (with the stride) and 1 x 1 convolution, and the way around them."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        """Make the block: [B, inputs, H, W] to [B, 4 width, H / stride, W / stride]."""
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the block."""
        inner = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        out: Tensor = self.relu(self.bn3(self.conv3(inner)) + (x if self.downsample is None else self.downsample(x)))
        return out


class ResNet2D(nn.Module):
    """Stem of stride 4 and four stages; the output is the last stage's, of stride 32.

    Attributes:
        out_channels: Channels of the feature.
        stride: Stride of the feature in pixels.
        stages: Names of its parts by depth, from input to output.
        recompute: See `yowo.models.recomputing`.
    """

    stride = STRIDE
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
        untrained_stages: int = 0,
        width: int = WIDTH,
    ) -> None:
        """Make the network.

        Args:
            block: `Basic` or `Bottleneck`.
            layers: Blocks of the four stages.
            untrained_stages: So many of the five parts, from the stem on, get no gradient. Their batch norms still use
                the statistics of batches in training, and learn the running ones (YOWOF: 2, the stem and layer1).
            width: Channels of the stem and inner channels of the first stage's blocks.
        """
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        channels = width
        for stage, count in enumerate(layers, start=1):
            blocks: list[nn.Module] = []
            inner = width * 2 ** (stage - 1)
            for position in range(count):
                blocks.append(block(channels, inner, 2 if stage > 1 and position == 0 else 1))
                channels = inner * block.expansion
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))
        self.out_channels = channels
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for names in self.stages[:untrained_stages]:
            for name in names:
                self.get_submodule(name).requires_grad_(False)

    def forward(self, frames: Tensor) -> Tensor:
        """Compute the feature of a batch of frames.

        Args:
            frames: float [B, 3, H, W], H and W multiples of 32.

        Returns:
            float [B, out_channels, H/32, W/32].
        """
        x = run_segment(self._stem, frames, self.recompute, [self.bn1])
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = run_blocks(layer, x, self.recompute)
        return x

    def _stem(self, frames: Tensor) -> Tensor:
        out: Tensor = self.maxpool(self.relu(self.bn1(self.conv1(frames))))
        return out


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module | None:
    """Make the way around a block where sizes change; None where they do not."""
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


RESNETS: dict[str, tuple[type[Basic] | type[Bottleneck], tuple[int, ...]]] = {
    "resnet10": (Basic, (1, 1, 1, 1)),
    "resnet18": (Basic, (2, 2, 2, 2)),
    "resnet50": (Bottleneck, (3, 4, 6, 3)),
}


def build_resnet2d(name: str, untrained_stages: int = 0, width: int = WIDTH) -> ResNet2D:
    """Make a network of the family by name.

    Args:
        name: One of `RESNETS`.
        untrained_stages: See `ResNet2D`.
        width: See `ResNet2D`.

    Raises:
        ConfigError: The name is none of the family, or the width is no positive number.
    """
    if name not in RESNETS:
        raise ConfigError(f"backbone2d.name: expected one of {', '.join(RESNETS)}, got {name!r}")
    if width < 1:
        raise ConfigError(f"backbone2d.width: expected at least 1, got {width}")
    block, layers = RESNETS[name]
    return ResNet2D(block, layers, untrained_stages, width)
