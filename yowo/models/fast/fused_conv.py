"""A convolution with the norm and the activation that follow it, and with weights in the layout of the CPU's kernels.

oneDNN's kernels take weights in blocks. `torch.nn.Conv2d` stores them plainly and lays them out anew at each call, and
on small feature maps that takes several times as long as the convolution itself.
"""

from functools import cache
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from yowo.models.fast.winograd import WinogradWeights, tile_size
from yowo.models.stem import folded_conv

Conv = nn.Conv2d | nn.Conv3d


class FusedConv(nn.Module):
    """Convolution, norm and activation in evaluation mode, as one; for inference only."""

    def __init__(self, conv: Conv, norm: nn.Module | None = None, act: nn.Module | None = None) -> None:
        """Copy the weights of the layers.

        Args:
            conv: The convolution, padded with zeros.
            norm: The batch norm behind it.
            act: `nn.ReLU` or `nn.LeakyReLU` behind that.
        """
        super().__init__()
        self.conv = _laid_out(folded_conv(conv, norm or nn.Identity()))
        slope = act.negative_slope if isinstance(act, nn.LeakyReLU) else None
        self.slope = 0.0 if isinstance(act, nn.ReLU) else slope
        self._packed: Tensor | WinogradWeights | None = None

    def forward(self, x: Tensor, added: Tensor | None = None) -> Tensor:
        """Map [B, inputs, ...] to [B, outputs, ...].

        Args:
            x: The input.
            added: Is added before the activation, which must not be `nn.LeakyReLU` then; of the output's shape.
        """
        if x.device.type == "cpu" and x.dtype == torch.float32 and can_pack():
            return self._by_packed_weights(x, added)
        return self._finished(self.conv(x), added)  # on GPUs, and in other precisions

    def _finished(self, y: Tensor, added: Tensor | None) -> Tensor:
        """Add to the convolution's output, and activate it, in place."""
        if added is not None:
            y = y.add_(added)
        if self.slope is None:
            return y
        return F.relu_(y) if self.slope == 0 else F.leaky_relu_(y, self.slope)

    def _by_packed_weights(self, x: Tensor, added: Tensor | None) -> Tensor:
        conv = self.conv
        padding, stride, dilation = (list(cast(tuple[int, ...], a)) for a in (conv.padding, conv.stride, conv.dilation))
        if self._packed is None:
            if (tile := tile_size(conv, x.shape)) is not None:
                self._packed = WinogradWeights(conv.weight, cast(Tensor, conv.bias), tile, x.shape)
            else:
                self._packed = torch.ops.mkldnn._reorder_convolution_weight(
                    conv.weight, padding, stride, dilation, conv.groups, list(x.shape)
                )
            conv.weight.data = conv.weight.new_empty(0)  # these weights are not kept twice
        if isinstance(self._packed, WinogradWeights):
            return self._finished(self._packed.convolve(x), added)
        name: str | None = None if self.slope is None else "leaky_relu" if self.slope else "relu"
        slope = [self.slope] if self.slope else []
        x = x.contiguous(memory_format=_channels_last(x))
        shape = (padding, stride, dilation, conv.groups)
        if added is None:
            out: Tensor = torch.ops.mkldnn._convolution_pointwise(
                x, self._packed, conv.bias, *shape, name or "none", slope, ""
            )
            return out
        both: Tensor = torch.ops.mkldnn._convolution_pointwise.binary(
            x, added, self._packed, conv.bias, *shape, "add", 1.0, name, slope, ""
        )
        return both


@cache
def can_pack() -> bool:
    """Tell whether this build of PyTorch has the operations that take packed weights, and they are right."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    # made numbers: random ones would move the caller's random state
    x, weight = torch.arange(100.0).sin().reshape(1, 4, 5, 5), torch.arange(144.0).cos().reshape(4, 4, 3, 3)
    bias = torch.linspace(-1, 1, 4)
    shape = ([1, 1], [1, 1], [1, 1], 1)
    expected = F.conv2d(x, weight, bias, padding=1)
    try:
        packed = torch.ops.mkldnn._reorder_convolution_weight(weight, *shape, list(x.shape))
        found = torch.ops.mkldnn._convolution_pointwise(x, packed, bias, *shape, "leaky_relu", [0.1], "")
        both = torch.ops.mkldnn._convolution_pointwise.binary(
            x, expected, packed, bias, *shape, "add", 1.0, "relu", [], ""
        )
    except (AttributeError, RuntimeError, TypeError):  # private operations: other versions may not have them
        return False
    right = torch.allclose(found, F.leaky_relu(expected, 0.1), atol=1e-5)
    return right and torch.allclose(both, F.relu(2 * expected), atol=1e-5)


def _channels_last(x: Tensor) -> torch.memory_format:
    return torch.channels_last if x.ndim == 4 else torch.channels_last_3d


def _laid_out(conv: Conv) -> Conv:
    """Store the weights of a convolution with the channels last in memory."""
    conv.weight.data = conv.weight.data.contiguous(memory_format=_channels_last(conv.weight))
    return conv
