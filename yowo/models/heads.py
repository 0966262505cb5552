"""The last convolution, and what its channels mean: YOWO-Plus's order and the original YOWO's."""

import math
from typing import cast

import torch
from torch import Tensor, nn

from yowo.boxes.anchors import decode_boxes, grid_anchors
from yowo.contracts import STRIDE, RawOutput

PRIOR = 0.01
"""Probability that every prediction starts from, so that the first steps are not spent on unlearning 0.5."""


def grouped_output(prediction: Tensor, anchors: Tensor) -> RawOutput:
    """Take apart a prediction in YOWO-Plus's order: A confidences, then A x C classes, then A x 4 boxes.

    Args:
        prediction: float [B, A (1 + C + 4), h, w].
        anchors: float [A, 2], width and height in pixels of the network's input (32 h x 32 w).

    Returns:
        The same numbers as `RawOutput`, boxes decoded in float32.
    """
    batch, channels, rows, columns = prediction.shape
    count = len(anchors)
    parts = torch.split(prediction, [count, channels - 5 * count, 4 * count], dim=1)
    conf, cls, deltas = (part.permute(0, 2, 3, 1).reshape(batch, rows * columns * count, -1) for part in parts)
    return _decoded(conf, cls, deltas, anchors, (rows * STRIDE, columns * STRIDE))


def per_anchor_output(prediction: Tensor, anchors: Tensor) -> RawOutput:
    """Take apart a prediction in the original YOWO's order: for each anchor x, y, w, h, confidence, then C classes.

    Args:
        prediction: float [B, A (4 + 1 + C), h, w].
        anchors: float [A, 2], width and height in pixels of the network's input (32 h x 32 w); the authors give them
            in cells, which times 32 are pixels.

    Returns:
        The same numbers as `RawOutput`, boxes decoded in float32.
    """
    batch, channels, rows, columns = prediction.shape
    count = len(anchors)
    by_anchor = prediction.reshape(batch, count, channels // count, rows, columns)
    flat = by_anchor.permute(0, 3, 4, 1, 2).reshape(batch, rows * columns * count, -1)
    deltas, conf, cls = torch.split(flat, [4, 1, channels // count - 5], dim=2)
    return _decoded(conf, cls, deltas, anchors, (rows * STRIDE, columns * STRIDE))


def _decoded(conf: Tensor, cls: Tensor, deltas: Tensor, anchors: Tensor, image_size: tuple[int, int]) -> RawOutput:
    """Gather the parts [B, M, ...] of a prediction and decode its boxes."""
    grid = grid_anchors(anchors, image_size)
    deltas = deltas.float()
    boxes = decode_boxes(deltas, grid)
    return RawOutput(conf=conf, cls=cls, boxes=boxes, deltas=deltas, anchors=grid, image_size=image_size)


class GroupedHead(nn.Conv2d):
    """YOWO-Plus's last convolution: 1 x 1 with a bias that starts from `PRIOR`."""

    def __init__(self, inputs: int, num_anchors: int, num_classes: int) -> None:
        """Predict `num_anchors` x (1 + `num_classes` + 4) channels from `inputs`."""
        super().__init__(inputs, num_anchors * (1 + num_classes + 4), 1)
        bias = cast(Tensor, self.bias).detach()
        nn.init.constant_(bias[: num_anchors * (1 + num_classes)], -math.log((1 - PRIOR) / PRIOR))

    def split(self, prediction: Tensor, anchors: Tensor) -> RawOutput:
        """Take the convolution's output apart, see `grouped_output`."""
        return grouped_output(prediction, anchors)


class PerAnchorHead(nn.Conv2d):
    """The original YOWO's last convolution: 1 x 1 without a bias."""

    def __init__(self, inputs: int, num_anchors: int, num_classes: int) -> None:
        """Predict `num_anchors` x (4 + 1 + `num_classes`) channels from `inputs`."""
        super().__init__(inputs, num_anchors * (4 + 1 + num_classes), 1, bias=False)

    def split(self, prediction: Tensor, anchors: Tensor) -> RawOutput:
        """Take the convolution's output apart, see `per_anchor_output`."""
        return per_anchor_output(prediction, anchors)
