"""YOWOv2: three levels without anchors; classes and boxes go through branches of their own."""

import math
from collections.abc import Callable
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from yowo.boxes.anchors import grid_points, make_levels
from yowo.contracts import RawOutput, Target
from yowo.models.detector import check_clips, check_classes
from yowo.models.layers import conv_unit, set_norms
from yowo.models.postprocess import DetectionRule
from yowo.models.level_scores import LevelScores
from yowo.precision import full_precision, widened

NORM_EPS, NORM_MOMENTUM = 1e-3, 0.03
PRIOR_BIAS = math.log(99)


class PointHead(nn.Module):
    """Two units for classes, two for boxes, and 1 x 1 convolutions that predict; the box branch has the confidence."""

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

    def forward(self, classes: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict confidence [B, 1, h, w], classes [B, C, h, w] and box deltas [B, 4, h, w] from [B, channels, h, w]."""
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


class YOWOv2(nn.Module):
    """2D features on three levels, each joined with the 3D feature for classes and for boxes, and a head a level.

    See `yowo.models.detector.Detector` for the members that training, evaluation and detection use.

    Attributes:
        num_classes: C.
        exclusive_classes: Number of classes, counted from the first, that exclude each other in the labels. The scores
            of all classes are sigmoids, whatever the labels are.
        strides: Strides of the levels in pixels, finest first.
        recipe: See `Detector`.
        criterion: See `Detector`.
        postprocess: See `Detector`.
    """

    recipe: dict[str, Any] | None = None
    criterion: Callable[[RawOutput, list[Target], int | None], dict[str, Tensor]] | None = None
    postprocess: DetectionRule

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
    ) -> None:
        """Join the parts.

        Args:
            backbone2d: Maps [B, 3, H, W] to a pair of features, for classes and boxes, on each level; has the attributes
                `out_channels` and `strides`.
            backbone3d: Maps [B, 3, K, H, W] to [B, out_channels, H/32, W/32]; has the attribute `out_channels`.
            fusion: Makes a fusion from the keyword arguments `inputs_2d`, `inputs_3d`, `channels` and `act`.
            num_classes: C, at least 1.
            exclusive_classes: See the class; None means all.
            width: Channels of fusions and heads.
            act: Activation of fusions and heads.
            depthwise: Whether the heads' 3 x 3 convolutions are depth-wise.

        Raises:
            ConfigError: `num_classes` or `exclusive_classes` is out of range.
        """
        super().__init__()
        check_classes(num_classes, exclusive_classes)
        self.num_classes = num_classes
        self.exclusive_classes = num_classes if exclusive_classes is None else exclusive_classes
        self.strides = cast(tuple[int, ...], tuple(backbone2d.strides))
        self.backbone2d, self.backbone3d = backbone2d, backbone3d
        sizes = {"inputs_2d": backbone2d.out_channels, "inputs_3d": backbone3d.out_channels}
        levels = range(len(self.strides))
        self.cls_fusion = nn.ModuleList(fusion(**sizes, channels=width, act=act) for _ in levels)
        self.reg_fusion = nn.ModuleList(fusion(**sizes, channels=width, act=act) for _ in levels)
        self.heads = nn.ModuleList(PointHead(width, num_classes, act, depthwise) for _ in levels)
        for part in (self.cls_fusion, self.reg_fusion, self.heads):
            set_norms(part, NORM_EPS, NORM_MOMENTUM)
        self.postprocess = LevelScores(self.exclusive_classes)

    @property
    def multi_hot(self) -> bool:
        """Whether a person can have several classes at the same time."""
        return self.exclusive_classes < self.num_classes

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
        check_clips(clips, max(self.strides))
        if feature_3d is None:
            feature_3d = self.motion_feature(clips)
        parts: list[tuple[Tensor, ...]] = []
        joins = zip(self.backbone2d(clips[:, :, -1]), self.cls_fusion, self.reg_fusion, self.heads, strict=True)
        for (classes, boxes), cls_fusion, reg_fusion, head in joins:
            motion = F.interpolate(feature_3d, size=classes.shape[-2:])
            found = head(cls_fusion(classes, motion), reg_fusion(boxes, motion))
            parts.append(tuple(part.flatten(2).transpose(1, 2) for part in found))
        conf, cls, deltas = (torch.cat(level, dim=1) for level in zip(*parts, strict=True))
        return self._decoded(conf, cls, deltas.float(), (int(clips.shape[3]), int(clips.shape[4])))

    def motion_feature(self, clips: Tensor) -> Tensor:
        """Compute the 3D backbone's feature [B, backbone3d.out_channels, H/32, W/32] of clips [B, 3, K, H, W]."""
        feature: Tensor = self.backbone3d(clips)
        return feature

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
