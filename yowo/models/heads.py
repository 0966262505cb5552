"""The last convolution and the order of its channels: YOWO-Plus's order and the original YOWO's."""

import math
from typing import cast

import torch
from torch import Tensor, nn

from yowo.boxes.anchors import decode_boxes, grid_anchors, grid_points
from yowo.contracts import Level, RawOutput
from yowo.precision import full_precision, widened

PRIOR = 0.01
"""Probability that all predictions start with, so that the first training steps need not lower it from 0.5."""


def grouped_output(prediction: Tensor, anchors: Tensor, stride: int) -> RawOutput:
    """Split a prediction in YOWO-Plus's order: A confidences, then A x C classes, then A x 4 boxes.

    Args:
        prediction: float [B, A (1 + C + 4), h, w].
        anchors: float [A, 2], width and height in pixels of the network's input.
        stride: Pixels of the network's input per cell; the input is `stride` h x `stride` w.

    Returns:
        The same numbers as `RawOutput` of one level, in float32, also under autocast.
    """
    batch, channels, rows, columns = prediction.shape
    count = len(anchors)
    parts = torch.split(prediction, [count, channels - 5 * count, 4 * count], dim=1)
    conf, cls, deltas = (part.permute(0, 2, 3, 1).reshape(batch, rows * columns * count, -1) for part in parts)
    return _decoded(conf, cls, deltas, anchors, Level(stride, rows, columns, count))


def per_anchor_output(prediction: Tensor, anchors: Tensor, stride: int) -> RawOutput:
    """Split a prediction in the original YOWO's order: for each anchor x, y, w, h, confidence, then C classes.

    Args:
        prediction: float [B, A (4 + 1 + C), h, w].
        anchors: float [A, 2], width and height in pixels of the network's input. (The authors give them in cells;
            multiplied by the stride of 32 they are pixels.)
        stride: Pixels of the network's input per cell; the input is `stride` h x `stride` w.

    Returns:
        The same numbers as `RawOutput` of one level, in float32, also under autocast.
    """
    batch, channels, rows, columns = prediction.shape
    count = len(anchors)
    by_anchor = prediction.reshape(batch, count, channels // count, rows, columns)
    flat = by_anchor.permute(0, 3, 4, 1, 2).reshape(batch, rows * columns * count, -1)
    deltas, conf, cls = torch.split(flat, [4, 1, channels // count - 5], dim=2)
    return _decoded(conf, cls, deltas, anchors, Level(stride, rows, columns, count))


def _decoded(conf: Tensor, cls: Tensor, deltas: Tensor, anchors: Tensor, level: Level) -> RawOutput:
    """Join the parts [B, M, 1], [B, M, C], [B, M, 4] of a prediction of one level in float32, and decode its boxes."""
    points, strides = grid_points([level], anchors.device)
    grid = grid_anchors([anchors], [level])
    conf, cls, deltas = widened(conf), widened(cls), deltas.float()
    with full_precision(deltas.device):
        boxes = decode_boxes(deltas, grid, strides)
    return RawOutput(
        conf=conf,
        cls=cls,
        boxes=boxes,
        deltas=deltas,
        anchors=grid,
        points=points,
        strides=strides,
        levels=(level,),
        image_size=(level.rows * level.stride, level.columns * level.stride),
    )


class GroupedHead(nn.Conv2d):
    """YOWO-Plus's last convolution: 1 x 1, with a bias that gives every probability the value `PRIOR` at first.

    Attributes:
        level_stride: Stride of the feature that it reads, in pixels of the network's input.
    """

    def __init__(self, inputs: int, num_anchors: int, num_classes: int, level_stride: int = 32) -> None:
        """Make the convolution.

        Args:
            inputs: Channels of the feature [B, inputs, h, w].
            num_anchors: A; the output has A (1 + C + 4) channels.
            num_classes: C.
            level_stride: See the class.
        """
        super().__init__(inputs, num_anchors * (1 + num_classes + 4), 1)
        self.level_stride = level_stride
        bias = cast(Tensor, self.bias).detach()
        nn.init.constant_(bias[: num_anchors * (1 + num_classes)], -math.log((1 - PRIOR) / PRIOR))

    def split(self, prediction: Tensor, anchors: Tensor) -> RawOutput:
        """Split the convolution's output [B, A (1 + C + 4), h, w], see `grouped_output`."""
        return grouped_output(prediction, anchors, self.level_stride)


class PerAnchorHead(nn.Conv2d):
    """The original YOWO's last convolution: 1 x 1 without a bias.

    Attributes:
        level_stride: Stride of the feature that it reads, in pixels of the network's input.
    """

    def __init__(self, inputs: int, num_anchors: int, num_classes: int, level_stride: int = 32) -> None:
        """Make the convolution.

        Args:
            inputs: Channels of the feature [B, inputs, h, w].
            num_anchors: A; the output has A (4 + 1 + C) channels.
            num_classes: C.
            level_stride: See the class.
        """
        super().__init__(inputs, num_anchors * (4 + 1 + num_classes), 1, bias=False)
        self.level_stride = level_stride

    def split(self, prediction: Tensor, anchors: Tensor) -> RawOutput:
        """Split the convolution's output [B, A (4 + 1 + C), h, w], see `per_anchor_output`."""
        return per_anchor_output(prediction, anchors, self.level_stride)
