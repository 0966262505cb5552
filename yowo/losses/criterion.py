"""The loss of a batch: confidence, class and box terms (YOWO-Plus report, section 2.3; the original YOWO)."""

from collections.abc import Callable

import torch
from torch import Tensor

from yowo.boxes.geometry import giou, iou
from yowo.contracts import STRIDE, RawOutput, Target
from yowo.errors import ConfigError
from yowo.losses.assigners import Assignment

Assigner = Callable[[RawOutput, list[Target]], Assignment]
BoxLoss = Callable[[Tensor, Tensor, Tensor, Tensor], dict[str, Tensor]]
ClassLoss = Callable[[Tensor, Tensor], Tensor]
GOALS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"giou": giou, "iou": iou}


class Criterion:
    """Weighted sum of three terms.

    Box: the given term on positives. Class: the given term on positives. Confidence: squared error of sigmoid(conf)
    against the overlap of the predicted box with its goal (never below 0, detached) on positives and against 0 on the
    rest, less what the assigner ignores.
    """

    def __init__(
        self,
        assigner: Assigner,
        box_loss: BoxLoss,
        class_loss: ClassLoss,
        object_weight: float = 5.0,
        no_object_weight: float = 1.0,
        class_weight: float = 1.0,
        box_weight: float = 1.0,
        goal: str = "giou",
        confidence_scale: float = 1.0,
        divide_by_batch: bool = True,
        average_multi_hot: bool = False,
        early_samples: int = 0,
    ) -> None:
        """Set the parts and their weights (the report's are the defaults).

        Args:
            assigner: Decides the positives, and what is ignored.
            box_loss: Sums over rows from deltas, boxes, anchors and goals [P, 4], see `yowo.losses.box_terms`.
            class_loss: Sum over positives from logits [P, C] and labels.
            object_weight: Of the confidence term on positives.
            no_object_weight: Of the confidence term elsewhere.
            class_weight: Of the class term.
            box_weight: Of the box term.
            goal: The overlap that the confidence of a positive should equal: "giou" (YOWO-Plus) or "iou" (YOWO).
            confidence_scale: Of the whole confidence term: 1 (YOWO-Plus) or 0.5 (YOWO).
            divide_by_batch: Divide every term by the number of clips (YOWO-Plus).
            average_multi_hot: Divide the class term by the number of positives if labels are multi-hot (YOWO on AVA).
            early_samples: While fewer training samples were seen, every prediction learns boxes; those without a box
                learn their anchor in the middle of its cell. The authors' older YOWO: 12800; 0 is never.

        Raises:
            ConfigError: `goal` is unknown.
        """
        if goal not in GOALS:
            raise ConfigError(f"loss.goal: expected one of {', '.join(GOALS)}, got {goal!r}")
        self.assigner, self.box_loss, self.class_loss = assigner, box_loss, class_loss
        self.object_weight, self.no_object_weight = object_weight, no_object_weight
        self.class_weight, self.box_weight = class_weight, box_weight
        self.overlap, self.confidence_scale = GOALS[goal], confidence_scale
        self.divide_by_batch, self.average_multi_hot = divide_by_batch, average_multi_hot
        self.early_samples = early_samples

    def __call__(self, raw: RawOutput, targets: list[Target], samples_seen: int | None = None) -> dict[str, Tensor]:
        """Compute the loss of a batch in float32.

        Args:
            raw: The detector's output for B clips.
            targets: B targets, boxes [N, 4] 0..1; labels int64 [N] or multi-hot [N, C].
            samples_seen: Training samples so far, this batch included; None is after the early phase.

        Returns:
            Scalars `box`, `conf`, `cls` (already weighted and divided), `total`, their sum, and the parts that the box
            term gives (`x`, `y`, `w`, `h`).
        """
        found = self.assigner(raw, targets)
        early = samples_seen is not None and samples_seen < self.early_samples
        share = 1 / len(targets) if self.divide_by_batch else 1.0
        boxes = self._box(raw, found, early)
        losses = {name: self.box_weight * share * value for name, value in boxes.items()}
        losses["conf"] = share * self._confidence(raw, found)
        losses["cls"] = self.class_weight * share * self._class(raw, found)
        losses["total"] = losses["box"] + losses["conf"] + losses["cls"]
        return losses

    def _box(self, raw: RawOutput, found: Assignment, early: bool) -> dict[str, Tensor]:
        """Return the box term of the positives, in the early phase of all predictions."""
        deltas, boxes, anchors = raw["deltas"].float(), raw["boxes"].float(), raw["anchors"].float()
        if not early:
            where = (found.clip, found.prediction)
            return self.box_loss(deltas[where], boxes[where], anchors[found.prediction], found.boxes_xyxy)
        middle, half = anchors[:, :2] + STRIDE / 2, anchors[:, 2:] / 2
        goals = torch.cat([middle - half, middle + half], dim=1).repeat(len(deltas), 1, 1)
        goals[found.clip, found.prediction] = found.boxes_xyxy
        return self.box_loss(
            deltas.flatten(0, 1), boxes.flatten(0, 1), anchors.repeat(len(deltas), 1), goals.flatten(0, 1)
        )

    def _confidence(self, raw: RawOutput, found: Assignment) -> Tensor:
        """Return the weighted sum of squared errors of the confidence."""
        where = (found.clip, found.prediction)
        confidence = raw["conf"].float().squeeze(-1).sigmoid()
        goal = torch.zeros_like(confidence)
        goal[where] = self.overlap(raw["boxes"].detach().float()[where], found.boxes_xyxy).clamp(min=0)
        weight = torch.full_like(confidence, self.no_object_weight)
        if found.ignored is not None:
            weight[found.ignored] = 0.0
        weight[where] = self.object_weight
        return self.confidence_scale * (weight * (confidence - goal) ** 2).sum()

    def _class(self, raw: RawOutput, found: Assignment) -> Tensor:
        """Return the class term of the positives; 0 without any."""
        term = self.class_loss(raw["cls"].float()[found.clip, found.prediction], found.labels)
        multi_hot = found.labels.ndim == 2
        return term / max(len(found.labels), 1) if self.average_multi_hot and multi_hot else term
