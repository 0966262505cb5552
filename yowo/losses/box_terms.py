"""Box terms of the loss. Each sums over the predictions that learn a box; nothing is averaged."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from yowo.boxes.geometry import giou, xyxy_to_cxcywh
from yowo.contracts import IN_CELLS, RawOutput
from yowo.errors import ConfigError


@dataclass(frozen=True)
class BoxRows:
    """The predictions that learn a box, one per row, and the boxes that they should predict.

    A box term reads what it needs from the properties; each is computed when it is read, in float32.

    Attributes:
        raw: The network's output.
        clip: int64 [P], clip of each row.
        prediction: int64 [P], its index in the M predictions of the clip.
        goals: float32 [P, 4], x1 y1 x2 y2 in pixels of the network's input.
    """

    raw: RawOutput
    clip: Tensor
    prediction: Tensor
    goals: Tensor

    @property
    def boxes(self) -> Tensor:
        """Predicted boxes: float32 [P, 4], x1 y1 x2 y2 in pixels."""
        return self.raw["boxes"].float()[self.clip, self.prediction]

    @property
    def deltas(self) -> Tensor:
        """What the boxes were decoded from: float32 [P, D], see `RawOutput`.

        Raises:
            ConfigError: The network's output has no deltas.
        """
        if "deltas" not in self.raw:
            raise ConfigError("box_loss: it needs the network's deltas, and its output has none; use box_loss=giou")
        return self.raw["deltas"].float()[self.clip, self.prediction]

    @property
    def anchors(self) -> Tensor:
        """Cell corner x, y and anchor width, height: float32 [P, 4], pixels.

        Raises:
            ConfigError: The network has no anchors.
        """
        if "anchors" not in self.raw:
            raise ConfigError("box_loss: it needs anchors, and this network has none; use box_loss=giou")
        return self.raw["anchors"].float()[self.prediction]

    @property
    def points(self) -> Tensor:
        """Middle x, y of each row's cell: float32 [P, 2], pixels."""
        return self.raw["points"][self.prediction]

    @property
    def strides(self) -> Tensor:
        """Stride of each row's level: float32 [P], pixels."""
        return self.raw["strides"][self.prediction]


class GIoULoss:
    """YOWO-Plus (report section 2.3): 1 - GIoU of the predicted box and its goal."""

    def __call__(self, rows: BoxRows) -> dict[str, Tensor]:
        """Sum the loss.

        Args:
            rows: P predictions and their goals; only the decoded boxes are used.

        Returns:
            Scalar `box`; 0 without rows.
        """
        return {"box": (1 - giou(rows.boxes, rows.goals)).sum()}


class SmoothL1Loss:
    """The original YOWO: half the smooth L1 error of the network's outputs, summed for each coordinate.

    sigmoid(tx) and sigmoid(ty) are compared with the position of the goal's middle in the cell (0..1), tw and th with
    log(size of the goal / size of the anchor). It needs a network with anchors and tx ty tw th.

    Attributes:
        deltas: Format of the deltas that it reads.
    """

    deltas = IN_CELLS

    def __init__(self, beta: float = 1.0) -> None:
        """Set where the error changes from quadratic to linear.

        Args:
            beta: Errors below it are quadratic; above 0.
        """
        self.beta = beta

    def __call__(self, rows: BoxRows) -> dict[str, Tensor]:
        """Sum the loss.

        Args:
            rows: P predictions and their goals, which must be wider and higher than 0.

        Returns:
            Scalars `x`, `y`, `w`, `h` and `box`, their sum; 0 without rows.

        Raises:
            ConfigError: The network has no anchors or its output no deltas.
        """
        deltas, anchors = rows.deltas, rows.anchors
        said = torch.cat([deltas[:, :2].sigmoid(), deltas[:, 2:]], dim=1)
        centre, size = torch.split(xyxy_to_cxcywh(rows.goals.to(torch.float64)), 2, dim=1)
        place = (centre - anchors[:, :2]) / rows.strides[:, None]
        goal = torch.cat([place, (size / anchors[:, 2:]).log()], dim=1)
        errors = F.smooth_l1_loss(said, goal.to(said), reduction="none", beta=self.beta).sum(dim=0) / 2
        terms = dict(zip("xywh", errors.unbind(), strict=True))
        return {**terms, "box": errors.sum()}
