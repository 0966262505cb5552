"""YOWOv2's loss: confidence over all points, class and box over the positives; all divided by the positives."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from yowo.contracts import RawOutput, Target
from yowo.losses.box_terms import BoxRows
from yowo.losses.criterion import Assigner, BoxLoss, LossSums
from yowo.precision import in_full_precision


class PointCriterion:
    """Binary cross-entropies of confidence and classes, and a box term.

    Confidence: 1 on positives, 0 elsewhere. Classes: the label times the IoU of the positive (1 where the assigner does
    not judge by it), of positives only.

    Attributes:
        divide_by_batch: Whether it is a mean, and not a sum over clips: it is one over positives.
        confidence: "needed", since it alone teaches the background; see `yowo.config.matching_parts`.
    """

    divide_by_batch = True
    confidence = "needed"

    def __init__(
        self,
        assigner: Assigner,
        box_loss: BoxLoss,
        confidence_weight: float = 1.0,
        class_weight: float = 1.0,
        box_weight: float = 5.0,
    ) -> None:
        """Set the parts and their weights.

        Args:
            assigner: Chooses the positives.
            box_loss: Sum over the positives, from `BoxRows` to scalars, among them `box`.
            confidence_weight: Weight of the confidence term.
            class_weight: Weight of the class term.
            box_weight: Weight of the box term.
        """
        self.assigner, self.box_loss = assigner, box_loss
        self.confidence_weight, self.class_weight, self.box_weight = confidence_weight, class_weight, box_weight

    def __call__(self, raw: RawOutput, targets: list[Target], samples_seen: int | None = None) -> dict[str, Tensor]:
        """Compute the loss of a batch in float32.

        Args:
            raw: The network's output for B clips.
            targets: B targets, boxes [N, 4] 0..1; labels int64 [N] or multi-hot [N, C].
            samples_seen: Not used.

        Returns:
            Scalars `box`, `conf`, `cls`, weighted and divided by the number of positives (at least 1), and `total`.
        """
        return self.divided(*self.sums(raw, targets, samples_seen))

    @in_full_precision
    def sums(self, raw: RawOutput, targets: list[Target], samples_seen: int | Tensor | None = None) -> LossSums:
        """Compute the terms of a batch in float32, as sums; see `Criterion.sums`."""
        found = self.assigner(raw, targets)
        where = (found.clip, found.prediction)
        logits = raw["cls"].float()[where]
        labels = found.labels if found.labels.ndim == 2 else F.one_hot(found.labels, logits.shape[-1])
        goals = labels.to(logits) if found.quality is None else labels.to(logits) * found.quality[:, None]
        boxes = self.box_loss(BoxRows(raw, found.clip, found.prediction, found.boxes_xyxy))
        terms = {name: self.box_weight * value for name, value in boxes.items()}
        terms["conf"] = self.confidence_weight * self._confidence(raw, where, found.ignored)
        terms["cls"] = self.class_weight * F.binary_cross_entropy_with_logits(logits, goals, reduction="sum")
        return LossSums(terms, len(targets), len(found.clip))

    def divided(self, terms: Mapping[str, Tensor], clips: int | Tensor, positives: int | Tensor) -> dict[str, Tensor]:
        """Divide the terms of a batch by its positives; see `Criterion.divided`."""
        many = positives.clamp(min=1) if isinstance(positives, Tensor) else max(positives, 1)
        losses = {name: value / many for name, value in terms.items()}
        losses["total"] = losses["box"] + losses["conf"] + losses["cls"]
        return losses

    def _confidence(self, raw: RawOutput, where: tuple[Tensor, Tensor], ignored: Tensor | None) -> Tensor:
        """Return the sum of the confidence's cross-entropies; 0 where the network has none."""
        if "conf" not in raw:
            return torch.zeros((), device=raw["cls"].device)
        logits = raw["conf"].float().squeeze(-1)
        goal = torch.zeros_like(logits)
        goal[where] = 1.0
        errors = F.binary_cross_entropy_with_logits(logits, goal, reduction="none")
        return errors.sum() if ignored is None else errors[~ignored].sum()
