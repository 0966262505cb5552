"""The convolution block of the 2D backbone and the fusion."""

from torch import Tensor, nn

from yowo.errors import ConfigError

ACTIVATIONS = ("leaky_relu", "relu")


def activation(name: str) -> nn.Module:
    """Make an activation layer.

    Raises:
        ConfigError: The name is not one of `ACTIVATIONS`.
    """
    if name == "leaky_relu":
        return nn.LeakyReLU(0.1, inplace=True)
    if name == "relu":
        return nn.ReLU(inplace=True)
    raise ConfigError(f"activation: expected one of {', '.join(ACTIVATIONS)}, got {name!r}")


class ConvNormAct(nn.Module):
    """2D convolution, batch norm, activation; height and width stay the same."""

    def __init__(self, inputs: int, outputs: int, kernel: int, act: str = "leaky_relu", bias: bool = False) -> None:
        """Make the block.

        Args:
            inputs: Channels in.
            outputs: Channels out.
            kernel: Width and height of the kernel, odd.
            act: One of `ACTIVATIONS`.
            bias: Whether the convolution has a bias in addition to the norm's (the released YOLOv2 has).
        """
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias)
        self.norm = nn.BatchNorm2d(outputs)
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H, W]."""
        out: Tensor = self.act(self.norm(self.conv(x)))
        return out
