"""ELAN networks (Wang et al. 2022) as in FreeYOLO: features of three strides, for YOWOv2-Tiny, -Medium and -Large."""

import torch
from torch import Tensor, nn

from yowo.models.layers import ConvNormAct
from yowo.models.necks import Down
from yowo.models.recomputing import run_segment


class ELAN(nn.Module):
    """Two 1 x 1 convolutions, two groups of 3 x 3 ones in a chain on the second, and one that joins the four."""

    def __init__(self, inputs: int, outputs: int, depth: int, act: str, ratio: float = 0.5) -> None:
        """Make the block.

        Args:
            inputs: Channels in.
            outputs: Channels out.
            depth: Convolutions of each group.
            act: Activation; that of the last convolution is SiLU whatever it is, as in the released networks.
            ratio: Inner channels over `inputs`.
        """
        super().__init__()
        inner = int(inputs * ratio)
        self.cv1 = ConvNormAct(inputs, inner, 1, act)
        self.cv2 = ConvNormAct(inputs, inner, 1, act)
        self.cv3 = nn.Sequential(*(ConvNormAct(inner, inner, 3, act) for _ in range(depth)))
        self.cv4 = nn.Sequential(*(ConvNormAct(inner, inner, 3, act) for _ in range(depth)))
        self.out = ConvNormAct(4 * inner, outputs, 1, "silu")

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H, W]."""
        first, second = self.cv1(x), self.cv2(x)
        third = self.cv3(second)
        out: Tensor = self.out(torch.cat([first, second, third, self.cv4(third)], dim=1))
        return out


class ELANNet(nn.Module):
    """Five layers; the last three give the features.

    Attributes:
        channels: Channels of the features of strides 8, 16 and 32.
        stages: Names of its parts by depth, from input to output.
    """

    stages = tuple((f"layer_{n}",) for n in range(1, 6))

    def __init__(self, large: bool) -> None:
        """Make the network: the large one with SiLU, the tiny one with leaky ReLU."""
        super().__init__()
        self.channels = (512, 1024, 1024) if large else (128, 256, 512)
        if large:
            act = "silu"
            self.layer_1: nn.Module = nn.Sequential(
                ConvNormAct(3, 32, 3, act), ConvNormAct(32, 64, 3, act, stride=2), ConvNormAct(64, 64, 3, act)
            )
            self.layer_2 = nn.Sequential(ConvNormAct(64, 128, 3, act, stride=2), ELAN(128, 256, 2, act))
            self.layer_3 = nn.Sequential(Down(256, 128, act), ELAN(256, 512, 2, act))
            self.layer_4 = nn.Sequential(Down(512, 256, act), ELAN(512, 1024, 2, act))
            self.layer_5 = nn.Sequential(Down(1024, 512, act), ELAN(1024, 1024, 2, act, ratio=0.25))
        else:
            act = "leaky_relu"
            self.layer_1 = ConvNormAct(3, 32, 3, act, stride=2)
            self.layer_2 = nn.Sequential(ConvNormAct(32, 64, 3, act, stride=2), ELAN(64, 64, 1, act))
            self.layer_3 = nn.Sequential(nn.MaxPool2d(2, 2), ELAN(64, 128, 1, act))
            self.layer_4 = nn.Sequential(nn.MaxPool2d(2, 2), ELAN(128, 256, 1, act))
            self.layer_5 = nn.Sequential(nn.MaxPool2d(2, 2), ELAN(256, 512, 1, act))

    def forward(self, frames: Tensor, recompute: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        """Map [B, 3, H, W] to features of strides 8, 16 and 32; `recompute`: see `yowo.models.recomputing`."""
        fine = frames
        for layer in (self.layer_1, self.layer_2, self.layer_3):
            fine = run_segment(layer, fine, recompute)
        middle = run_segment(self.layer_4, fine, recompute)
        return fine, middle, run_segment(self.layer_5, middle, recompute)
