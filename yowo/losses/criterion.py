"""The YOWO-Plus loss: confidence, class and box terms over a batch, divided by its size (report section 2.3)."""

from collections.abc import Callable

import torch
from torch import Tensor

from yowo.boxes.geometry import giou
from yowo.contracts import RawOutput, Target
from yowo.losses.assigners import Assignment

Assigner = Callable[[RawOutput, list[Target]], Assignment]
ClassLoss = Callable[[Tensor, Tensor], Tensor]


class Criterion:
    """Weighted sum of three terms.

    Box: 1 - GIoU on positives. Class: the given term on positives. Confidence: squared error of sigmoid(conf)
    against GIoU (clamped at 0, detached) on positives and against 0 on the rest.
    """

    def __init__(
        self,
        assigner: Assigner,
        class_loss: ClassLoss,
        object_weight: float = 5.0,
        no_object_weight: float = 1.0,
        class_weight: float = 1.0,
        box_weight: float = 1.0,
    ) -> None:
        """Set the parts and their weights (the report's are the defaults).

        Args:
            assigner: Decides the positives.
            class_loss: Sum over positives from logits [P, C] and labels.
            object_weight: Of the confidence term on positives.
            no_object_weight: Of the confidence term elsewhere.
            class_weight: Of the class term.
            box_weight: Of the box term.
        """
        self.assigner = assigner
        self.class_loss = class_loss
        self.object_weight, self.no_object_weight = object_weight, no_object_weight
        self.class_weight, self.box_weight = class_weight, box_weight

    def __call__(self, raw: RawOutput, targets: list[Target]) -> dict[str, Tensor]:
        """Compute the loss of a batch in float32.

        Args:
            raw: The detector's output for B clips.
            targets: B targets, boxes [N, 4] 0..1; labels int64 [N] or multi-hot [N, C].

        Returns:
            Scalars `box`, `conf`, `cls` (already weighted, divided by B) and `total`, their sum.
        """
        batch = len(targets)
        found = self.assigner(raw, targets)
        where = (found.clip, found.prediction)
        overlap = giou(raw["boxes"].float()[where], found.boxes_xyxy)
        cls = self.class_loss(raw["cls"].float()[where], found.labels)
        confidence = raw["conf"].float().squeeze(-1).sigmoid()
        goal = torch.zeros_like(confidence)
        goal[where] = overlap.detach().clamp(min=0)
        weight = torch.full_like(confidence, self.no_object_weight)
        weight[where] = self.object_weight
        losses = {
            "box": self.box_weight * (1 - overlap).sum() / batch,
            "conf": (weight * (confidence - goal) ** 2).sum() / batch,
            "cls": self.class_weight * cls / batch,
        }
        losses["total"] = losses["box"] + losses["conf"] + losses["cls"]
        return losses
