"""CFAM, the channel fusion and attention module that joins the two backbones' features (YOWO, section 3.2)."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from yowo.errors import ConfigError
from yowo.models.layers import ConvNormAct
from yowo.precision import full_precision, widened

BRANCHES = ("2d", "3d")


class ChannelAttention(nn.Module):
    """Self-attention between channels; its only weight is the scale of the attention's output."""

    def __init__(self) -> None:
        """Start as the identity: `gamma` is 0."""
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Mix the channels by their Gram matrix.

        Before the softmax each row of the Gram matrix is subtracted from its own maximum, so that the most different
        channels get the largest weights. Under autocast this is computed in float32: sums of squares overflow float16,
        and rounded to bfloat16 their differences, the exponents of the softmax, are off by whole units.

        Args:
            x: float [B, C, h, w].

        Returns:
            float [B, C, h, w].
        """
        with full_precision(x.device):
            flat = widened(x).flatten(2)
            gram = flat @ flat.transpose(1, 2)
            attention = (gram.amax(dim=-1, keepdim=True) - gram).softmax(dim=-1)
            mixed = (attention @ flat).reshape(x.shape)
            return (self.gamma * mixed + x).to(x.dtype)


class CFAM(nn.Module):
    """Two convolutions, channel attention, and two more on the concatenated features."""

    def __init__(
        self,
        inputs_2d: int,
        inputs_3d: int,
        channels: int = 1024,
        act: str = "leaky_relu",
        order: Sequence[str] = BRANCHES,
        dropout: float = 0.1,
        drop_channels: bool = False,
    ) -> None:
        """Make the module.

        Args:
            inputs_2d: Channels of the 2D feature.
            inputs_3d: Channels of the 3D feature.
            channels: Channels of all layers, the output included.
            act: Activation, "leaky_relu" (YOWO-Plus) or "relu" (YOWO).
            order: Order of the two features in the concatenation, ("2d", "3d") (YOWO-Plus) or ("3d", "2d") (YOWO).
            dropout: Share of values dropped before the last convolution, 0..1.
            drop_channels: Drop whole channels (YOWO) instead of single values (YOWO-Plus).

        Raises:
            ConfigError: `order` does not name each branch exactly once.
        """
        super().__init__()
        if sorted(order) != list(BRANCHES):
            raise ConfigError(f"fusion.order: expected [2d, 3d] or [3d, 2d], got {list(order)}")
        self.order = tuple(order)
        self.out_channels = channels
        self.layers = nn.Sequential(
            ConvNormAct(inputs_2d + inputs_3d, channels, 1, act),
            ConvNormAct(channels, channels, 3, act),
            ChannelAttention(),
            ConvNormAct(channels, channels, 3, act),
            nn.Dropout2d(dropout) if drop_channels else nn.Dropout(dropout),
            nn.Conv2d(channels, channels, 1),
        )

    def forward(self, feature_2d: Tensor, feature_3d: Tensor) -> Tensor:
        """Join [B, inputs_2d, h, w] and [B, inputs_3d, h, w] into [B, channels, h, w]."""
        features = {"2d": feature_2d, "3d": feature_3d}
        out: Tensor = self.layers(torch.cat([features[name] for name in self.order], dim=1))
        return out


class DecoupledFusion(nn.Module):
    """A CFAM for classes and one for boxes (YOWOv2, YOWOv3)."""

    def __init__(self, inputs_cls: int, inputs_box: int, inputs_3d: int, **options: Any) -> None:
        """Make the two.

        Args:
            inputs_cls: Channels of the 2D feature for classes.
            inputs_box: Channels of that for boxes.
            inputs_3d: Channels of the 3D feature.
            options: See `CFAM`.
        """
        super().__init__()
        self.cls = CFAM(inputs_cls, inputs_3d, **options)
        self.box = CFAM(inputs_box, inputs_3d, **options)

    def forward(self, classes: Tensor, boxes: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
        """Join each 2D feature [B, inputs, h, w] with the 3D feature to [B, channels, h, w]."""
        return self.cls(classes, motion), self.box(boxes, motion)


class CoupledFusion(nn.Module):
    """One CFAM of both 2D features and the 3D feature, used for classes and boxes: half the weights."""

    def __init__(self, inputs_cls: int, inputs_box: int, inputs_3d: int, **options: Any) -> None:
        """Make it; see `DecoupledFusion`."""
        super().__init__()
        self.both = CFAM(inputs_cls + inputs_box, inputs_3d, **options)

    def forward(self, classes: Tensor, boxes: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
        """Join the features to one [B, channels, h, w], returned for classes and for boxes."""
        joined: Tensor = self.both(torch.cat([classes, boxes], dim=1), motion)
        return joined, joined
