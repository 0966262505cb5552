"""YOLOv2 on DarkNet-19: the 2D backbone, which reads the key frame (YOWO-Plus report, section 2.1)."""

import torch
from torch import Tensor, nn

from yowo.contracts import STRIDE
from yowo.models.layers import ConvNormAct
from yowo.models.pooling import MaxPool2d
from yowo.models.recomputing import run_segment

# (channels out, kernel) of each convolution; stages 1 to 3 end with a pooling, stages 5 and 6 begin with one
STAGES: dict[str, tuple[tuple[int, int], ...]] = {
    "conv_1": ((32, 3),),
    "conv_2": ((64, 3),),
    "conv_3": ((128, 3), (64, 1), (128, 3)),
    "conv_4": ((256, 3), (128, 1), (256, 3)),
    "conv_5": ((512, 3), (256, 1), (512, 3), (256, 1), (512, 3)),
    "conv_6": ((1024, 3), (512, 1), (1024, 3), (512, 1), (1024, 3)),
}


def passthrough(x: Tensor) -> Tensor:
    """Fold each 2 x 2 block of pixels into channels.

    Args:
        x: float [B, C, H, W], H and W even.

    Returns:
        float [B, 4 C, H/2, W/2]; channel (2 dy + dx) C + c holds channel c at offset (dy, dx) of the block.
    """
    batch, channels, height, width = x.shape
    blocks = x.reshape(batch, channels, height // 2, 2, width // 2, 2)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(batch, 4 * channels, height // 2, width // 2)


class YOLOv2(nn.Module):
    """DarkNet-19, the YOLOv2 neck and its prediction layer, whose 425 channels YOWO uses as a feature.

    Attributes:
        out_channels: Channels of the feature.
        stride: Stride of the feature in pixels.
        stages: Names of its parts by depth, from input to output.
        recompute: See `yowo.models.recomputing`.
    """

    stride = STRIDE
    stages = (*((name,) for name in STAGES), ("neck", "route", "merge", "head"))
    recompute = False
    conv_1: nn.Sequential
    conv_2: nn.Sequential
    conv_3: nn.Sequential
    conv_4: nn.Sequential
    conv_5: nn.Sequential
    conv_6: nn.Sequential

    def __init__(self, width: float = 1.0, out_channels: int = 425, conv_bias: bool = True) -> None:
        """Make the network.

        Args:
            width: Multiplier of all inner channel counts; 1 is the paper's.
            out_channels: Channels of the feature; 425 = 5 x (80 + 5) fits the COCO weights.
            conv_bias: Whether convolutions have a bias before their norm: YOWO-Plus's YOLOv2 has, darknet's has not.
        """
        super().__init__()
        self.out_channels = out_channels

        def scaled(channels: int) -> int:
            return max(8, round(channels * width))

        channels = 3
        for name, layers in STAGES.items():
            blocks: list[nn.Module] = []
            for outputs, kernel in layers:
                blocks.append(ConvNormAct(channels, scaled(outputs), kernel, bias=conv_bias))
                channels = scaled(outputs)
            self.add_module(name, nn.Sequential(*blocks))
        self.pool = MaxPool2d(2, 2)
        self.neck = nn.Sequential(
            ConvNormAct(channels, scaled(1024), 3, bias=conv_bias),
            ConvNormAct(scaled(1024), scaled(1024), 3, bias=conv_bias),
        )
        self.route = ConvNormAct(scaled(512), scaled(64), 1, bias=conv_bias)
        self.merge = ConvNormAct(4 * scaled(64) + scaled(1024), scaled(1024), 3, bias=conv_bias)
        self.head = nn.Conv2d(scaled(1024), out_channels, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Compute the feature of a batch of key frames.

        Args:
            frames: float [B, 3, H, W], H and W multiples of 32.

        Returns:
            float [B, out_channels, H/32, W/32].
        """
        x = self.pool(self._run(self.conv_1, frames))
        x = self.pool(self._run(self.conv_2, x))
        x = self.pool(self._run(self.conv_3, x))
        x = self._run(self.conv_4, x)
        middle = self._run(self.conv_5, self.pool(x))
        deep = self.neck(self._run(self.conv_6, self.pool(middle)))
        out: Tensor = self.head(self.merge(torch.cat([passthrough(self.route(middle)), deep], dim=1)))
        return out

    def _run(self, segment: nn.Module, x: Tensor) -> Tensor:
        return run_segment(segment, x, self.recompute)
