"""The blocks of ResNets and the channel attention with their layers joined."""

import torch.nn.functional as F
from torch import Tensor, nn

from yowo.models.backbones2d import resnet as resnet2d
from yowo.models.backbones3d.resnet import Basic, Bottleneck
from yowo.models.fast.fused_conv import Conv, FusedConv
from yowo.models.fusion import ChannelAttention
from yowo.precision import full_precision, widened


class FastResidual(nn.Module):
    """A block of ResNet: convolutions, and a last one to whose output the shortcut is added before the ReLU."""

    def __init__(self, block: Basic | Bottleneck | resnet2d.Basic | resnet2d.Bottleneck, shortcut: nn.Module) -> None:
        """Copy the weights of a block; `shortcut` is the path around it, ready for inference."""
        super().__init__()
        pairs: list[tuple[Conv, nn.Module]] = [(block.conv1, block.bn1), (block.conv2, block.bn2)]
        if isinstance(block, Bottleneck | resnet2d.Bottleneck):
            pairs.append((block.conv3, block.bn3))
        self.convs = nn.ModuleList(FusedConv(conv, norm, nn.ReLU()) for conv, norm in pairs)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, ..., H, W] to [B, outputs, ..., H/s, W/s]."""
        *before, last = self.convs
        y = x
        for conv in before:
            y = conv(y)
        out: Tensor = last(y, self.shortcut(x))
        return out


class FastChannelAttention(nn.Module):
    """Channel attention as one operation: the softmax of differences from the maximum is that of the negatives."""

    gamma: Tensor

    def __init__(self, attention: ChannelAttention) -> None:
        """Copy the scale."""
        super().__init__()
        self.register_buffer("gamma", attention.gamma.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """Mix the channels of [B, C, h, w], see `ChannelAttention.forward`."""
        with full_precision(x.device):
            # the joined kernel takes rows that lie together in memory
            flat = widened(x).flatten(2).contiguous()[:, None]
            mixed = F.scaled_dot_product_attention(-flat, flat, flat, scale=1.0).reshape(x.shape)
            return (self.gamma * mixed + x).to(x.dtype)
