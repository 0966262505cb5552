"""The parts of YOWOF with their layers joined: the stem of its backbone, the blocks of its towers, and its memory."""

from typing import cast

import torch
from torch import Tensor, nn

from yowo.models.backbones2d.resnet import ResNet2D
from yowo.models.conv_lstm import ConvLSTM, MemoryState, gated
from yowo.models.fast.fused_conv import FusedConv
from yowo.models.yowof import TowerBlock


class FastConvLSTM(nn.Module):
    """A memory whose convolution is two: of the frame's feature, and of the last output, to which the first is added.

    Attributes:
        out_channels: Channels of output and memory.
    """

    def __init__(self, memory: ConvLSTM) -> None:
        """Copy the weights."""
        super().__init__()
        self.out_channels = memory.out_channels
        inputs = memory.conv.in_channels - memory.out_channels
        self.of_feature = FusedConv(_part(memory.conv, slice(0, inputs), True))
        self.of_hidden = FusedConv(_part(memory.conv, slice(inputs, None), False))

    def start(self, feature: Tensor) -> MemoryState:
        """See `ConvLSTM.start`."""
        zeros = feature.new_zeros(feature.shape[0], self.out_channels, *feature.shape[2:])
        return MemoryState(zeros, zeros)

    def forward(self, feature: Tensor, state: MemoryState) -> MemoryState:
        """See `ConvLSTM.forward`."""
        return self.follow(self.entered(feature), state)

    def entered(self, feature: Tensor) -> Tensor:
        """See `ConvLSTM.entered`."""
        out: Tensor = self.of_feature(feature)
        return out

    def follow(self, entered: Tensor, state: MemoryState | None) -> MemoryState:
        """See `ConvLSTM.follow`."""
        if state is None:
            return gated(entered, None)
        return gated(entered + self.of_hidden(state.hidden), state.cell)


def _part(conv: nn.Conv2d, inputs: slice, bias: bool) -> nn.Conv2d:
    """Return a convolution with the weights of some inputs of another one."""
    weight = conv.weight.detach()[:, inputs].clone()
    with torch.device("meta"):
        made = nn.Conv2d(
            weight.shape[1],
            weight.shape[0],
            cast(tuple[int, int], conv.kernel_size),
            padding=cast(tuple[int, int], conv.padding),
        )
    made.weight = nn.Parameter(weight)
    made.bias = nn.Parameter(cast(Tensor, conv.bias).detach().clone() if bias else torch.zeros(weight.shape[0]))
    return made.to(weight.device)


def fast_tower_block(block: TowerBlock) -> FusedConv:
    """Return a block of a tower as one convolution."""
    conv, norm, act = block.convs
    return FusedConv(cast(nn.Conv2d, conv), norm, act)


def join_stem(copied: ResNet2D) -> None:
    """Join convolution, norm and ReLU of a copied backbone's stem, in place; the layers are replaced, not changed."""
    copied.conv1 = FusedConv(copied.conv1, copied.bn1, copied.relu)  # type: ignore[assignment]
    copied.bn1, copied.relu = nn.Identity(), nn.Identity()  # type: ignore[assignment]
