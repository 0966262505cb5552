"""YOWOv2: three levels without anchors; classes and boxes go through branches of their own."""

import math
from collections.abc import Callable, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from yowo.boxes.anchors import grid_points, make_levels
from yowo.contracts import RawOutput
from yowo.models.layers import conv_unit, set_norms
from yowo.models.level_scores import LevelScores
from yowo.models.network import Network, check_levels, check_motion, make_fusion
from yowo.precision import full_precision, widened

NORM_EPS, NORM_MOMENTUM = 1e-3, 0.03
PRIOR_BIAS = math.log(99)
PER_LEVEL = "fusion=decoupled or coupled"
"""Fusions of networks with several levels."""


class PointHead(nn.Module):
    """Two units for classes, two for boxes, and 1 x 1 convolutions that predict; the box branch has the confidence.

    Attributes:
        class_layer: Name of the convolution that predicts classes.
    """

    class_layer = "cls"

    def __init__(self, channels: int, num_classes: int, act: str, depthwise: bool) -> None:
        """Make the head of one level."""
        super().__init__()
        self.cls_head = nn.Sequential(*(conv_unit(channels, channels, act, depthwise) for _ in range(2)))
        self.reg_head = nn.Sequential(*(conv_unit(channels, channels, act, depthwise) for _ in range(2)))
        self.conf = nn.Conv2d(channels, 1, 1)
        self.cls = nn.Conv2d(channels, num_classes, 1)
        self.reg = nn.Conv2d(channels, 4, 1)
        for layer in (self.conf, self.cls):
            nn.init.constant_(cast(Tensor, layer.bias), -PRIOR_BIAS)

    def start_classes(self, layer: nn.Conv2d) -> None:
        """Give a convolution that predicts classes its initial values."""
        layer.reset_parameters()
        nn.init.constant_(cast(Tensor, layer.bias), -PRIOR_BIAS)

    def forward(self, classes: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict confidence [B, 1, h, w], classes [B, C, h, w] and box deltas [B, 4, h, w] from two features."""
        classes, boxes = self.cls_head(classes), self.reg_head(boxes)
        return self.conf(boxes), self.cls(classes), self.reg(boxes)


def point_boxes(deltas: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """Decode boxes around points: centre = point + t stride, size = exp(t) stride.

    Args:
        deltas: float [..., M, 4], tx ty tw th.
        points: float [M, 2], pixels.
        strides: float [M], pixels.

    Returns:
        float [..., M, 4], x1 y1 x2 y2 in pixels, not clipped.
    """
    centre = points + deltas[..., :2] * strides[:, None]
    half = deltas[..., 2:].exp() * strides[:, None] / 2
    return torch.cat([centre - half, centre + half], dim=-1)


def paired(feature: Tensor | tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Return the features of a level for classes and for boxes; a 2D backbone may have one for both."""
    return (feature, feature) if isinstance(feature, Tensor) else feature


class YOWOv2(Network):
    """2D features on three levels, each joined with the 3D feature for classes and for boxes, and a head a level.

    See `yowo.models.detector.Detector` for the members that training, evaluation and detection use.

    Attributes:
        exclusive_classes: Number of classes, counted from the first, that exclude each other in the labels. The scores
            of all classes are sigmoids, whatever the labels are.
        strides: Strides of the levels in pixels, finest first.
    """

    has_confidence = True
    has_anchors = False
    delta_format = "offsets from points"

    def __init__(
        self,
        backbone2d: nn.Module,
        backbone3d: nn.Module,
        fusion: Callable[..., nn.Module],
        num_classes: int,
        exclusive_classes: int | None = None,
        width: int = 64,
        act: str = "leaky_relu",
        depthwise: bool = False,
        channels_last: bool = False,
    ) -> None:
        """Join the parts.

        Args:
            backbone2d: Maps [B, 3, H, W] to a feature on each level, or a pair of them, for classes and boxes; has the
                attributes `out_channels` (one number a level) and `strides`.
            backbone3d: Maps [B, 3, K, H, W] to [B, out_channels, H/32, W/32]; has the attribute `out_channels`.
            fusion: Makes the fusion of a level from the keyword arguments `inputs_cls`, `inputs_box`, `inputs_3d`,
                `channels` and `act`, see `DecoupledFusion`.
            num_classes: C, at least 1.
            exclusive_classes: See the class; None means all.
            width: Channels of fusions and heads.
            act: Activation of fusions and heads.
            depthwise: Whether the heads' 3 x 3 convolutions are depth-wise.
            channels_last: See `yowo.models.detector.Detector`.

        Raises:
            ConfigError: `num_classes` or `exclusive_classes` is out of range.
        """
        super().__init__(num_classes, exclusive_classes)
        check_levels(backbone2d, True, "YOWOv2")
        self.strides = tuple(cast(Sequence[int], backbone2d.strides))
        self.backbone2d, self.backbone3d = backbone2d, check_motion(backbone3d, "YOWOv2")
        inputs = cast(Sequence[int], backbone2d.out_channels)
        motion, options = backbone3d.out_channels, {"channels": width, "act": act}
        self.fusions = nn.ModuleList(
            make_fusion(fusion, "YOWOv2", PER_LEVEL, inputs_cls=n, inputs_box=n, inputs_3d=motion, **options)
            for n in inputs
        )
        self.heads = nn.ModuleList(PointHead(width, num_classes, act, depthwise) for _ in inputs)
        for part in (self.fusions, self.heads):
            set_norms(part, NORM_EPS, NORM_MOMENTUM)
        self.postprocess = LevelScores(self.exclusive_classes)
        self.lay_out(channels_last)

    def forward(self, clips: Tensor, feature_3d: Tensor | None = None) -> RawOutput:
        """Predict for every cell of the three levels.

        Args:
            clips: float [B, 3, K, H, W], H and W multiples of the coarsest stride, key frame last.
            feature_3d: float [B, backbone3d.out_channels, H/32, W/32], used in place of the 3D backbone's feature.

        Returns:
            See `RawOutput`; no anchors.

        Raises:
            ConfigError: `clips` has another number of axes or channels, or a side that is no such multiple.
        """
        clips = self.prepared(clips)
        if feature_3d is None:
            feature_3d = self.motion_feature(clips)
        parts: list[tuple[Tensor, ...]] = []
        joins = zip(self.backbone2d(clips[:, :, -1]), self.fusions, self.heads, strict=True)
        for feature, fusion, head in joins:
            classes, boxes = paired(feature)
            found = head(*fusion(classes, boxes, F.interpolate(feature_3d, size=classes.shape[-2:])))
            parts.append(tuple(part.flatten(2).transpose(1, 2) for part in found))
        conf, cls, deltas = (torch.cat(level, dim=1) for level in zip(*parts, strict=True))
        return self._decoded(conf, cls, deltas.float(), (clips.shape[3], clips.shape[4]))

    def _decoded(self, conf: Tensor, cls: Tensor, deltas: Tensor, image_size: tuple[int, int]) -> RawOutput:
        levels = make_levels(image_size, self.strides, [1] * len(self.strides))
        points, strides = grid_points(levels, deltas.device)
        with full_precision(deltas.device):
            boxes = point_boxes(deltas, points, strides)
        return RawOutput(
            conf=widened(conf),
            cls=widened(cls),
            boxes=boxes,
            deltas=deltas,
            points=points,
            strides=strides,
            levels=levels,
            image_size=image_size,
        )
