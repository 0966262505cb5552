"""The box terms of the loss: one row a box that is learnt, all terms are sums."""

import torch
import torch.nn.functional as F
from torch import Tensor

from yowo.boxes.geometry import giou, xyxy_to_cxcywh
from yowo.contracts import STRIDE


class GIoULoss:
    """YOWO-Plus (report section 2.3): 1 - GIoU of the predicted box with its goal."""

    def __call__(self, deltas: Tensor, boxes: Tensor, anchors: Tensor, goals: Tensor) -> dict[str, Tensor]:
        """Sum the loss.

        Args:
            deltas: float [P, 4], tx ty tw th; not used.
            boxes: float [P, 4], the boxes decoded from them, x1 y1 x2 y2 in pixels.
            anchors: float [P, 4], cell corner x, y and anchor width, height in pixels; not used.
            goals: float [P, 4], x1 y1 x2 y2 in pixels.

        Returns:
            Scalar `box`; 0 without rows.
        """
        return {"box": (1 - giou(boxes, goals)).sum()}


class SmoothL1Loss:
    """The original YOWO: half the smooth L1 error of what the network says, coordinate by coordinate.

    sigmoid(tx), sigmoid(ty) against the centre's place in its cell, tw, th against log(size / anchor).
    """

    def __init__(self, beta: float = 1.0) -> None:
        """Square errors below `beta`, which must be above 0."""
        self.beta = beta

    def __call__(self, deltas: Tensor, boxes: Tensor, anchors: Tensor, goals: Tensor) -> dict[str, Tensor]:
        """Sum the loss.

        Args:
            deltas: float [P, 4], tx ty tw th.
            boxes: float [P, 4]; not used.
            anchors: float [P, 4], cell corner x, y and anchor width, height in pixels.
            goals: float [P, 4], x1 y1 x2 y2 in pixels, wider and higher than 0.

        Returns:
            Scalars `x`, `y`, `w`, `h` and `box`, their sum; 0 without rows.
        """
        said = torch.cat([deltas[:, :2].sigmoid(), deltas[:, 2:]], dim=1)
        centre, size = torch.split(xyxy_to_cxcywh(goals.to(torch.float64)), 2, dim=1)
        goal = torch.cat([(centre - anchors[:, :2]) / STRIDE, (size / anchors[:, 2:]).log()], dim=1)
        errors = F.smooth_l1_loss(said, goal.to(said), reduction="none", beta=self.beta).sum(dim=0) / 2
        terms = dict(zip("xywh", errors.unbind(), strict=True))
        return {**terms, "box": errors.sum()}
