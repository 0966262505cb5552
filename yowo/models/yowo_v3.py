"""YOWOv3: YOLOv8 on the key frame, a 3D backbone, and distances to the four sides as distributions over bins."""

import math
from collections.abc import Callable, Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typing_extensions import Self

from yowo.boxes.anchors import grid_points, make_levels
from yowo.contracts import IN_BINS, RawOutput
from yowo.errors import ConfigError
from yowo.models.layers import ConvNormAct, set_norms
from yowo.models.network import Network, check_levels, check_motion, make_fusion
from yowo.models.pair_scores import PairScores
from yowo.models.yowo_v2 import PER_LEVEL, paired
from yowo.precision import full_precision, widened

NORM_EPS, NORM_MOMENTUM = 1e-3, 0.03
RELEASED_EPS = 1e-5
"""Epsilon of the fusions' batch norms in the released program, wherever it begins with a file of weights."""
BINS = 16
"""Distances that each side's distribution is over: 0 to 15 strides."""
ACT = "silu"


def norm_eps(given: float | str) -> tuple[float, float]:
    """Return the epsilon of the fusions' batch norms in training and in evaluation; see `YOWOv3`.

    Raises:
        ConfigError: It is neither a positive number nor one of the two words.
    """
    named = {"paper": (NORM_EPS, NORM_EPS), "released": (NORM_EPS, RELEASED_EPS)}
    if isinstance(given, str) and given in named:
        return named[given]
    if isinstance(given, (str, bool)) or not given > 0:
        raise ConfigError(f"model.fusion_norm_eps: expected paper, released or a number above 0, got {given!r}")
    return given, given


def two_units(inputs: int, channels: int) -> nn.Sequential:
    """Make two 3 x 3 convolutions with norm and SiLU."""
    return nn.Sequential(ConvNormAct(inputs, channels, 3, ACT), ConvNormAct(channels, channels, 3, ACT))


class BinHead(nn.Module):
    """Two units and a 1 x 1 convolution for the sides, two and one for the classes.

    Attributes:
        class_layer: Name of the convolution that predicts classes.
    """

    class_layer = "cls.2"

    def __init__(self, channels: int, num_classes: int, stride: int) -> None:
        """Make the head of one level, of a stride in pixels."""
        super().__init__()
        self.box = nn.Sequential(*two_units(channels, channels), nn.Conv2d(channels, 4 * BINS, 1))
        self.cls = nn.Sequential(*two_units(channels, channels), nn.Conv2d(channels, num_classes, 1))
        nn.init.constant_(cast(Tensor, cast(nn.Conv2d, self.box[2]).bias), 1.0)
        self.prior = math.log(5 / num_classes / (224 / stride) ** 2)
        nn.init.constant_(cast(Tensor, cast(nn.Conv2d, self.cls[2]).bias), self.prior)

    def start_classes(self, layer: nn.Conv2d) -> None:
        """Give a convolution that predicts classes its initial values."""
        layer.reset_parameters()
        nn.init.constant_(cast(Tensor, layer.bias), self.prior)

    def forward(self, boxes: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
        """Predict logits of the bins [B, 64, h, w] (16 side + bin) and of the classes [B, C, h, w]."""
        return self.box(boxes), self.cls(classes)


def side_boxes(deltas: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """Decode boxes from the distributions of their sides' distances.

    Args:
        deltas: float [..., M, 64], logits: left, top, right, bottom, 16 bins each.
        points: float [M, 2], pixels.
        strides: float [M], pixels.

    Returns:
        float [..., M, 4], x1 y1 x2 y2 in pixels, not clipped.
    """
    bins = torch.arange(BINS, dtype=deltas.dtype, device=deltas.device)
    away = (torch.unflatten(deltas, -1, (4, BINS)).softmax(dim=-1) @ bins) * strides[:, None]
    return torch.cat([points - away[..., :2], points + away[..., 2:]], dim=-1)


class YOWOv3(Network):
    """2D features on three levels, in branches for boxes and classes, each joined with the 3D feature; a head a level.

    See `yowo.models.detector.Detector` for the members that training, evaluation and detection use.

    Attributes:
        exclusive_classes: Number of classes, counted from the first, that exclude each other in the labels. The scores
            of all classes are sigmoids, whatever the labels are.
        strides: Strides of the levels in pixels, finest first.
        norm_eps: Epsilon of the fusions' batch norms in training and in evaluation.
    """

    has_confidence = False
    has_anchors = False
    delta_format = IN_BINS

    def __init__(
        self,
        backbone2d: nn.Module,
        backbone3d: nn.Module,
        fusion: Callable[..., nn.Module],
        num_classes: int,
        exclusive_classes: int | None = None,
        width: int = 256,
        fusion_norm_eps: float | str = "paper",
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
            width: Channels of branches, fusions and heads.
            fusion_norm_eps: Epsilon of the fusions' batch norms: a number, or "paper", 1e-3 as elsewhere, or
                "released": 1e-3 in training and 1e-5 in evaluation, as the released program has it for what it trained
                from scratch.
            channels_last: See `yowo.models.detector.Detector`.

        Raises:
            ConfigError: `num_classes`, `exclusive_classes` or `fusion_norm_eps` is out of range, or a part does not
                fit.
        """
        super().__init__(num_classes, exclusive_classes)
        check_levels(backbone2d, True, "YOWOv3")
        self.norm_eps = norm_eps(fusion_norm_eps)
        self.strides = tuple(cast(Sequence[int], backbone2d.strides))
        self.backbone2d, self.backbone3d = backbone2d, check_motion(backbone3d, "YOWOv3")
        inputs = cast(Sequence[int], backbone2d.out_channels)
        sizes = {"inputs_3d": backbone3d.out_channels, "channels": width, "act": ACT}
        self.box_branch = nn.ModuleList(two_units(channels, width) for channels in inputs)
        self.cls_branch = nn.ModuleList(two_units(channels, width) for channels in inputs)
        self.fusions = nn.ModuleList(
            make_fusion(fusion, "YOWOv3", PER_LEVEL, inputs_cls=width, inputs_box=width, **sizes) for _ in inputs
        )
        self.heads = nn.ModuleList(BinHead(width, num_classes, stride) for stride in self.strides)
        for part in (self.box_branch, self.cls_branch, self.heads):
            set_norms(part, NORM_EPS, NORM_MOMENTUM)
        self.postprocess = PairScores(self.exclusive_classes)
        self.lay_out(channels_last)
        self.train()

    def train(self, mode: bool = True) -> Self:
        """Set the mode, and with it the epsilon of the fusions' batch norms."""
        self._set_eps(mode)
        return super().train(mode)

    def _set_eps(self, training: bool) -> None:
        eps = self.norm_eps[0 if training else 1]
        set_norms(self.fusions, eps, NORM_MOMENTUM if self.norm_eps[0] == NORM_EPS else 0.1)

    def forward(self, clips: Tensor, feature_3d: Tensor | None = None) -> RawOutput:
        """Predict for every cell of the three levels.

        Args:
            clips: float [B, 3, K, H, W], H and W multiples of the coarsest stride, key frame last.
            feature_3d: float [B, backbone3d.out_channels, H/32, W/32], used in place of the 3D backbone's feature.

        Returns:
            See `RawOutput`; neither confidence nor anchors. `deltas` are the logits of the bins, D = 64.

        Raises:
            ConfigError: `clips` has another number of axes or channels, or a side that is no such multiple.
        """
        if self.norm_eps[0] != self.norm_eps[1]:
            self._set_eps(self.training)  # the mode may have been set without `train`
        clips = self.prepared(clips)
        if feature_3d is None:
            feature_3d = self.motion_feature(clips)
        found: list[tuple[Tensor, ...]] = []
        for level, feature in enumerate(self.backbone2d(clips[:, :, -1])):
            for_classes, for_boxes = paired(feature)
            motion = F.interpolate(feature_3d, size=for_classes.shape[-2:])
            joined = self.fusions[level](self.cls_branch[level](for_classes), self.box_branch[level](for_boxes), motion)
            classes, boxes = joined
            found.append(tuple(part.flatten(2).transpose(1, 2) for part in self.heads[level](boxes, classes)))
        deltas, cls = (torch.cat(parts, dim=1) for parts in zip(*found, strict=True))
        image_size = (clips.shape[3], clips.shape[4])
        levels = make_levels(image_size, self.strides, [1] * len(self.strides))
        points, strides = grid_points(levels, deltas.device)
        with full_precision(deltas.device):
            boxes = side_boxes(deltas.float(), points, strides)
        return RawOutput(
            cls=widened(cls),
            boxes=boxes,
            deltas=deltas.float(),
            points=points,
            strides=strides,
            levels=levels,
            image_size=image_size,
        )
