"""The convolution blocks of 2D backbones, necks, fusions and heads."""

from torch import Tensor, nn

from yowo.errors import ConfigError

ACTIVATIONS = ("leaky_relu", "relu", "silu", "none")


def activation(name: str) -> nn.Module:
    """Make an activation layer; "none" is the identity.

    Raises:
        ConfigError: The name is not one of `ACTIVATIONS`.
    """
    if name == "leaky_relu":
        return nn.LeakyReLU(0.1, inplace=True)
    if name == "relu":
        return nn.ReLU(inplace=True)
    if name == "silu":
        return nn.SiLU(inplace=True)
    if name == "none":
        return nn.Identity()
    raise ConfigError(f"activation: expected one of {', '.join(ACTIVATIONS)}, got {name!r}")


class ConvNormAct(nn.Module):
    """2D convolution, batch norm, activation; with a stride of 1 height and width stay the same."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        act: str = "leaky_relu",
        bias: bool = False,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        """Make the block.

        Args:
            inputs: Channels in.
            outputs: Channels out.
            kernel: Width and height of the kernel, odd.
            act: One of `ACTIVATIONS`.
            bias: Whether the convolution has a bias in addition to the norm's (the released YOLOv2 has).
            stride: Stride in height and width.
            groups: Groups of the convolution; `inputs` for a depth-wise one.
        """
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=bias)
        self.norm = nn.BatchNorm2d(outputs)
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H/stride, W/stride]."""
        out: Tensor = self.act(self.norm(self.conv(x)))
        return out


def conv_unit(inputs: int, outputs: int, act: str, depthwise: bool = False) -> nn.Module:
    """Make a 3 x 3 unit: a full convolution, or a depth-wise one and a 1 x 1 one, each with norm and activation.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        act: One of `ACTIVATIONS`.
        depthwise: Whether the 3 x 3 convolution is depth-wise.
    """
    if not depthwise:
        return ConvNormAct(inputs, outputs, 3, act)
    return nn.Sequential(ConvNormAct(inputs, inputs, 3, act, groups=inputs), ConvNormAct(inputs, outputs, 1, act))


def set_norms(module: nn.Module, eps: float, momentum: float) -> None:
    """Set epsilon and momentum of all 2D batch norms inside a module."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eps, part.momentum = eps, momentum
