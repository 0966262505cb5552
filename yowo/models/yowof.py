"""YOWOF (You Only Watch One Frame): frames one by one through a 2D backbone, joined by a recurrent cell."""

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from yowo.boxes.anchors import grid_anchors, grid_points, make_levels
from yowo.contracts import RawOutput
from yowo.errors import ConfigError
from yowo.models.conv_lstm import ConvLSTM, MemoryState
from yowo.models.network import Network, check_anchors, check_levels, make_fusion
from yowo.models.sigmoid_scores import SigmoidScores
from yowo.precision import full_precision, widened

PRIOR_BIAS = 4.59511985013459
"""log(99): classes begin with a probability of 0.01."""
LARGEST_LOGIT = 18.420680743952367
"""log(1e8), the clamp inside the exponentials that fold two logits into one."""
LARGEST_GROWTH = 4.135166556742356
"""log(1000 / 16), the largest logarithm of a box's size over its anchor's."""
SHIFT = 32.0
"""Pixels that a box's centre can be away from its anchor's, in each axis."""


class TowerBlock(nn.Module):
    """3 x 3 convolution without bias, batch norm, ReLU; the names are those of the authors' files."""

    def __init__(self, channels: int) -> None:
        """Make the block."""
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, channels, h, w] to the same shape."""
        out: Tensor = self.convs(x)
        return out


class TowerHead(nn.Module):
    """A tower of four convolutions for classes, one for boxes; the box tower also predicts whether anybody acts.

    Attributes:
        num_anchors: A.
        num_classes: C.
        class_layer: Name of the convolution that predicts classes.
    """

    class_layer = "cls_pred"

    def __init__(self, channels: int, num_anchors: int, num_classes: int, depth: int = 4) -> None:
        """Make the head.

        Args:
            channels: Of the feature that it reads, and of its towers.
            num_anchors: A.
            num_classes: C.
            depth: Convolutions of each tower.
        """
        super().__init__()
        self.num_anchors, self.num_classes = num_anchors, num_classes
        self.cls_feats = nn.Sequential(*(TowerBlock(channels) for _ in range(depth)))
        self.reg_feats = nn.Sequential(*(TowerBlock(channels) for _ in range(depth)))
        self.act_pred = nn.Conv2d(channels, num_anchors, 3, padding=1)
        self.cls_pred = nn.Conv2d(channels, num_anchors * num_classes, 3, padding=1)
        self.reg_pred = nn.Conv2d(channels, num_anchors * 4, 3, padding=1)
        for part in (self.cls_feats, self.reg_feats, self.cls_pred, self.reg_pred):
            for module in part.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.normal_(module.weight, std=0.01)
        nn.init.constant_(cast(Tensor, self.cls_pred.bias), -PRIOR_BIAS)
        nn.init.zeros_(cast(Tensor, self.reg_pred.bias))

    def start_classes(self, layer: nn.Conv2d) -> None:
        """Give a convolution that predicts classes its initial values."""
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.constant_(cast(Tensor, layer.bias), -PRIOR_BIAS)

    def forward(self, feature: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Predict.

        Args:
            feature: float [B, channels, h, w].

        Returns:
            Logits of action [B, A, h, w] and classes [B, A C, h, w], and box deltas [B, 4 A, h, w].
        """
        classes, boxes = self.cls_feats(feature), self.reg_feats(feature)
        return self.act_pred(boxes), self.cls_pred(classes), self.reg_pred(boxes)


def folded_logits(cls: Tensor, act: Tensor) -> Tensor:
    """Fold two logits into one whose sigmoid is the product of theirs.

    Args:
        cls: float [..., C].
        act: float [..., 1].

    Returns:
        float [..., C].

    Examples:
        >>> s = folded_logits(torch.tensor([[0.0, 2.0]]), torch.tensor([[0.0]]))
        >>> torch.allclose(s.sigmoid(), torch.tensor([[0.25, torch.tensor(2.0).sigmoid() / 2]]))
        True
    """
    joined = 1 + cls.clamp(max=LARGEST_LOGIT).exp() + act.clamp(max=LARGEST_LOGIT).exp()
    return cls + act - joined.log()


def shifted_boxes(deltas: Tensor, anchors: Tensor, points: Tensor) -> Tensor:
    """Decode boxes whose centres move from their anchors' by at most `SHIFT` pixels.

    Args:
        deltas: float [..., M, 4]: shift of the centre in anchor sizes, logarithms of the sizes over the anchor's.
        anchors: float [M, 2], width and height in pixels.
        points: float [M, 2], centres of the anchors in pixels.

    Returns:
        float [..., M, 4], x1 y1 x2 y2 in pixels, not clipped to the picture.
    """
    centre = points + (deltas[..., :2] * anchors).clamp(-SHIFT, SHIFT)
    half = anchors * deltas[..., 2:].clamp(max=LARGEST_GROWTH).exp() / 2
    return torch.cat([centre - half, centre + half], dim=-1)


class YOWOF(Network):
    """Frames one by one through the 2D backbone, a convolutional LSTM over them, and a head that sees its last output.

    The key frame is the last one. Sizes are free; the cell's state can be carried from frame to frame (`advance`). See
    `yowo.models.detector.Detector` for the members that training, evaluation and detection use.

    Attributes:
        exclusive_classes: Number of classes, counted from the first, that exclude each other in the labels. The scores
            of all classes are sigmoids, whatever the labels are.
        anchors: float32 [A, 2], width and height in pixels.
        strides: Of its one level, in pixels.
    """

    has_confidence = False
    has_anchors = True
    delta_format = "shifts from anchors"
    anchors: Tensor

    def __init__(
        self,
        backbone2d: nn.Module,
        fusion: Callable[..., ConvLSTM],
        num_classes: int,
        anchors: Sequence[Sequence[float]],
        exclusive_classes: int | None = None,
        tower_depth: int = 4,
        channels_last: bool = False,
        backbone3d: None = None,
    ) -> None:
        """Join the parts.

        Args:
            backbone2d: Maps [B, 3, H, W] to [B, out_channels, H/stride, W/stride].
            fusion: Makes the memory from the keyword argument `inputs`, the channels of the backbone.
            num_classes: C, at least 1.
            anchors: A pairs of width and height in pixels, the same at every input size.
            exclusive_classes: See the class; None means all.
            tower_depth: Convolutions of each of the head's two towers.
            channels_last: See `yowo.models.detector.Detector`.
            backbone3d: Must be None.

        Raises:
            ConfigError: `num_classes`, `exclusive_classes` or `anchors` is out of range, or there is a 3D backbone.
        """
        if backbone3d is not None:
            raise ConfigError("backbone3d: YOWOF has none, it joins frames by fusion=conv_lstm; leave this key out")
        super().__init__(num_classes, exclusive_classes)
        check_anchors(anchors)
        check_levels(backbone2d, False, "YOWOF")
        self.register_buffer("anchors", torch.tensor(anchors, dtype=torch.float32), persistent=False)
        self.backbone2d = backbone2d
        memory = make_fusion(fusion, "YOWOF", "fusion=conv_lstm", inputs=backbone2d.out_channels)
        self.fusion = cast(ConvLSTM, memory)
        self.head = TowerHead(self.fusion.out_channels, len(anchors), num_classes, tower_depth)
        self.strides = (cast(int, backbone2d.stride),)
        self.postprocess = SigmoidScores(self.exclusive_classes)
        self.lay_out(channels_last)

    def forward(self, clips: Tensor, feature_3d: Tensor | None = None) -> RawOutput:
        """Predict for every cell and anchor of the key frame, from a clip that starts without memory.

        Args:
            clips: float [B, 3, K, H, W], normalised, H and W multiples of the stride, key frame last.
            feature_3d: Must be None: this network has no 3D feature.

        Returns:
            Class logits with the logit of action folded in, and decoded boxes; no `conf`.

        Raises:
            ConfigError: `clips` has another number of axes or channels, or a side that is no such multiple; or a
                feature is given.
        """
        if feature_3d is not None:
            self.motion_feature(clips)
        return self.predict(self.watch(clips).hidden, (clips.shape[3], clips.shape[4]))

    def motion_feature(self, clips: Tensor) -> Tensor:
        """Refuse: there is no 3D backbone.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError("context=lfb needs a network with a 3D backbone, and YOWOF has none; give context=none")

    def watch(self, clips: Tensor) -> MemoryState:
        """Take all frames of clips, from a state of zeros.

        Args:
            clips: float [B, 3, K, H, W].

        Returns:
            The state after their last frames.

        Raises:
            ConfigError: See `forward`.
        """
        clips = self.prepared(clips)
        batch, _, frames = clips.shape[:3]
        features = self.backbone2d(clips.transpose(1, 2).flatten(0, 1)).unflatten(0, (batch, frames))
        state = self.fusion.start(features[:, 0])
        for place in range(frames):
            state = self.fusion(features[:, place], state)
        return state

    def advance(self, frames: Tensor, state: MemoryState) -> MemoryState:
        """Take one more frame of each video.

        Args:
            frames: float [B, 3, H, W].
            state: After the frames before.

        Returns:
            The state after the frames.
        """
        new: MemoryState = self.fusion(self._features(frames), state)
        return new

    def entered(self, frames: Tensor) -> Tensor:
        """Compute what later steps need of frames, whatever their pasts, see `ConvLSTM.entered`.

        Args:
            frames: float [B, 3, H, W].

        Returns:
            float [B, channels, h, w].
        """
        return self.fusion.entered(self._features(frames))

    def follow(self, entered: Tensor, state: MemoryState | None) -> MemoryState:
        """Take one more frame of each video as `entered` gives it.

        Args:
            entered: float [B, channels, h, w].
            state: After the frames before; None if there are none.

        Returns:
            The state after the frames.
        """
        return self.fusion.follow(entered, state)

    def _features(self, frames: Tensor) -> Tensor:
        """Compute the features of frames, float [B, 3, H, W]."""
        if self.channels_last:
            frames = frames.contiguous(memory_format=torch.channels_last)
        features: Tensor = self.backbone2d(frames)
        return features

    def predict(self, hidden: Tensor, image_size: tuple[int, int]) -> RawOutput:
        """Predict from the memory's output.

        Args:
            hidden: float [B, channels, h, w].
            image_size: Height and width of the network's input in pixels.

        Returns:
            See `forward`.
        """
        act, cls, reg = (
            part.permute(0, 2, 3, 1).reshape(part.shape[0], -1, size)
            for part, size in zip(self.head(hidden), (1, self.num_classes, 4), strict=True)
        )
        levels = make_levels(image_size, self.strides, [len(self.anchors)])
        points, strides = grid_points(levels, hidden.device)
        grid = grid_anchors([self.anchors], levels)
        deltas = reg.float()
        with full_precision(deltas.device):
            logits = folded_logits(widened(cls), widened(act))
            boxes = shifted_boxes(deltas, grid[:, 2:], points)
        return RawOutput(
            cls=logits,
            boxes=boxes,
            deltas=deltas,
            anchors=grid,
            points=points,
            strides=strides,
            levels=levels,
            image_size=image_size,
        )
