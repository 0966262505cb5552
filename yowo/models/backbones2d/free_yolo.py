"""FreeYOLO without its predictions: YOWOv2's 2D branch, with features for classes and for boxes on three levels."""

from torch import Tensor, nn

from yowo.errors import ConfigError
from yowo.models.backbones2d.elan import ELANNet
from yowo.models.backbones2d.shufflenetv2 import ShuffleNetV2
from yowo.models.layers import conv_unit, set_norms
from yowo.models.necks import PartialPyramid, PooledPyramid, PyramidELAN

KINDS = ("shufflenetv2", "elan_tiny", "elan_large")
NORM_EPS, NORM_MOMENTUM = 1e-3, 0.03


class LevelTowers(nn.Module):
    """Two 3 x 3 units for classes and two for boxes."""

    def __init__(self, channels: int, act: str, depthwise: bool) -> None:
        """Make the towers."""
        super().__init__()
        self.cls_feats = nn.Sequential(*(conv_unit(channels, channels, act, depthwise) for _ in range(2)))
        self.reg_feats = nn.Sequential(*(conv_unit(channels, channels, act, depthwise) for _ in range(2)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map [B, channels, h, w] to features of the same shape for classes and for boxes."""
        return self.cls_feats(x), self.reg_feats(x)


class FreeYOLO(nn.Module):
    """Backbone, neck, pyramid and towers.

    Attributes:
        out_channels: Channels of the features of each level.
        strides: Strides of the levels in pixels.
        stages: Names of its parts by depth, from input to output.
        recompute: See `yowo.models.recomputing`; the blocks of the backbone are the segments.
    """

    strides = (8, 16, 32)
    recompute = False

    def __init__(self, name: str) -> None:
        """Make the network.

        Args:
            name: One of `KINDS`.

        Raises:
            ConfigError: The name is unknown.
        """
        super().__init__()
        if name not in KINDS:
            raise ConfigError(f"backbone2d.name: expected one of {', '.join(KINDS)}, got {name!r}")
        large, depthwise = name == "elan_large", name == "shufflenetv2"
        act = "silu" if large else "leaky_relu"
        self.backbone = ShuffleNetV2() if depthwise else ELANNet(large)
        inner = tuple(tuple(f"backbone.{part}" for part in parts) for parts in self.backbone.stages)
        self.stages = (*inner, ("neck", "fpn"), ("non_shared_heads",))
        fine, middle, coarse = self.backbone.channels
        pooled = coarse // 2
        self.neck: nn.Module = PooledPyramid(coarse, pooled) if depthwise else PartialPyramid(coarse, pooled, act)
        outputs = 256 if large else 64
        self.out_channels = (outputs,) * len(self.strides)
        down = "both" if large else "pool" if depthwise else "conv"
        width = 1.0 if large else 0.5
        self.fpn = PyramidELAN((fine, middle, pooled), outputs, width, act, down, depthwise)
        self.non_shared_heads = nn.ModuleList(LevelTowers(outputs, act, depthwise) for _ in self.strides)
        set_norms(self, NORM_EPS, NORM_MOMENTUM)

    def forward(self, frames: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Compute the features of a batch of key frames.

        Args:
            frames: float [B, 3, H, W], H and W multiples of 32.

        Returns:
            For each level, finest first, the features for classes and for boxes, float [B, out_channels, h, w].
        """
        fine, middle, coarse = self.backbone(frames, self.recompute)
        levels = self.fpn((fine, middle, self.neck(coarse)))
        return [towers(level) for towers, level in zip(self.non_shared_heads, levels, strict=True)]
