"""What a 3D backbone tells of its first layers, so that windows that overlap need not compute them again."""

from typing import NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_weights


class Stem(NamedTuple):
    """The first layers of a 3D backbone: convolution, norm, ReLU, and a pooling or none.

    Attributes:
        conv: Its padding is half its kernel, its dilation 1, its groups 1.
        norm: The batch norm, or `nn.Identity` where it is folded into the convolution.
        pool: Whether a max pooling of kernel 3, stride 2 and padding 1, in time, height and width, follows the ReLU.
    """

    conv: nn.Conv3d
    norm: nn.Module
    pool: bool


@runtime_checkable
class HasStem(Protocol):
    """A 3D backbone whose first layers can slide over a video, see `yowo.models.sliding`."""

    def stem_layers(self) -> Stem:
        """Return the first layers."""

    def after_stem(self, x: Tensor) -> Tensor:
        """Map the output [B, C, T, h, w] of the first layers to the feature [B, out_channels, H/32, W/32]."""


def can_fold(norm: nn.Module) -> bool:
    """Tell whether a norm is a batch norm with weights and running statistics, or none (`nn.Identity`)."""
    batch_norm = isinstance(norm, _BatchNorm) and norm.affine and norm.running_mean is not None
    return batch_norm or isinstance(norm, nn.Identity)


def folded_weights(conv: nn.Conv2d | nn.Conv3d, norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Return weight and bias of one convolution that does what a convolution and its norm do in evaluation mode.

    Args:
        conv: The convolution.
        norm: See `can_fold`.

    Returns:
        Weight, of the shape of the convolution's, and bias [outputs]; both detached.
    """
    weight = conv.weight.detach()
    bias = weight.new_zeros(len(weight)) if conv.bias is None else conv.bias.detach()
    if isinstance(norm, _BatchNorm) and norm.running_mean is not None and norm.running_var is not None:
        # in float64, which not every device has, so that folding adds no error of its own
        wide = [x.detach().cpu().double() for x in (norm.running_mean, norm.running_var, norm.weight, norm.bias)]
        mean, variance, scale, shift = wide
        fused = fuse_conv_bn_weights(weight.cpu().double(), bias.cpu().double(), mean, variance, norm.eps, scale, shift)
        weight, bias = (x.detach().to(weight) for x in fused)
    return weight, bias


def folded_conv(conv: nn.Conv2d | nn.Conv3d, norm: nn.Module) -> nn.Conv2d | nn.Conv3d:
    """Return one convolution that does what a convolution and its norm do in evaluation mode."""
    return with_weights(conv, *folded_weights(conv, norm))


def with_weights(conv: nn.Conv2d | nn.Conv3d, weight: Tensor, bias: Tensor) -> nn.Conv2d | nn.Conv3d:
    """Return a convolution with the stride, padding and dilation of another.

    Args:
        conv: The other.
        weight: Its weight, with any number of inputs and outputs; depthwise if the other is.
        bias: Its bias.

    Returns:
        The convolution; no gradient reaches its weights.
    """
    depthwise = conv.groups == conv.in_channels and conv.groups > 1
    groups = len(weight) if depthwise else conv.groups
    with torch.device("meta"):
        made = type(conv)(
            weight.shape[1] * groups,
            len(weight),
            conv.kernel_size,  # type: ignore[arg-type]
            conv.stride,  # type: ignore[arg-type]
            conv.padding,  # type: ignore[arg-type]
            conv.dilation,  # type: ignore[arg-type]
            groups,
            padding_mode=conv.padding_mode,
        )
    made.weight = nn.Parameter(weight, requires_grad=False)
    made.bias = nn.Parameter(bias, requires_grad=False)
    return made
