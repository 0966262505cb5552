"""YOWOF's loss: focal class loss over all predictions, GIoU over the matches; both divided by the positives."""

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from yowo.contracts import RawOutput, Target
from yowo.losses.assigners import Assignment
from yowo.losses.box_terms import BoxRows
from yowo.losses.criterion import Assigner, BoxLoss, LossSums
from yowo.losses.terms import CLAMP
from yowo.precision import in_full_precision

ClassTerm = Callable[[Tensor, Tensor], Tensor]


class SigmoidFocalLoss:
    """Sigmoid focal loss (Lin et al. 2017): -a (1 - p)^gamma log p, background -(1 - a) p^gamma log(1 - p)."""

    def __init__(self, alpha: float = 0.25, gamma: float = 2.0) -> None:
        """Set the weights.

        Args:
            alpha: Weight of the true class; that of the others is 1 - alpha.
            gamma: Power of the focal weight.
        """
        self.alpha, self.gamma = alpha, gamma

    def __call__(self, logits: Tensor, goals: Tensor) -> Tensor:
        """Sum the loss over predictions and classes.

        Args:
            logits: float [n, C].
            goals: float [n, C], zeros and ones.

        Returns:
            Scalar.
        """
        p = logits.sigmoid()
        entropy = F.binary_cross_entropy_with_logits(logits, goals, reduction="none")
        missed = torch.where(goals > 0, 1 - p, p)
        share = torch.where(goals > 0, self.alpha, 1 - self.alpha)
        return (share * missed**self.gamma * entropy).sum()


class RareClassFocalLoss:
    """AVA's focal loss with a sigmoid for every class, also for the poses: rare classes have larger weights.

    Labelled classes: -(1 - p)^gamma log p * exp(1 - r); the others: -p^gamma log(1 - p) * exp(r), with r the class's
    share of the labels.
    """

    def __init__(self, class_ratio: Sequence[float] | None = None, gamma: float = 0.5) -> None:
        """Set the weights.

        Args:
            class_ratio: Share of each of the C classes in all labels, 0..1; None gives all classes the weight 1.
            gamma: Power of the focal weight.
        """
        self.class_ratio = None if class_ratio is None else torch.tensor(class_ratio, dtype=torch.float32)
        self.gamma = gamma

    def __call__(self, logits: Tensor, goals: Tensor) -> Tensor:
        """Sum the loss over predictions and classes.

        Args:
            logits: float [n, C].
            goals: float [n, C], zeros and ones.

        Returns:
            Scalar.
        """
        p = logits.sigmoid().clamp(CLAMP, 1 - CLAMP)
        positive, negative = -((1 - p) ** self.gamma) * p.log(), -(p**self.gamma) * (1 - p).log()
        if self.class_ratio is not None:
            ratio = self.class_ratio.to(p)
            positive, negative = positive * (1 - ratio).exp(), negative * ratio.exp()
        return torch.where(goals > 0, positive, negative).sum()


def focal_term(
    classes: Sequence[str], exclusive_classes: int, class_ratio: Sequence[float] | None = None
) -> SigmoidFocalLoss | RareClassFocalLoss:
    """Make the class term that YOWOF's program uses with a data set.

    Args:
        classes: Names of the C classes.
        exclusive_classes: Classes that exclude each other; C means one-hot labels, and `SigmoidFocalLoss`.
        class_ratio: See `RareClassFocalLoss`.
    """
    return SigmoidFocalLoss() if exclusive_classes == len(classes) else RareClassFocalLoss(class_ratio)


class FocalCriterion:
    """Class term over all predictions that are not ignored, and box term over the matches, divided by the positives.

    Attributes:
        divide_by_batch: Whether it is a mean, and not a sum over clips: it is one over positives.
        confidence: "unused": it trains none; see `yowo.config.matching_parts`.
    """

    divide_by_batch = True
    confidence = "unused"

    def __init__(
        self,
        assigner: Assigner,
        box_loss: BoxLoss,
        class_loss: ClassTerm,
        class_weight: float = 1.0,
        box_weight: float = 1.0,
    ) -> None:
        """Set the parts and their weights.

        Args:
            assigner: Chooses the positives, what is ignored, and which prediction learns which box.
            box_loss: Sum over the rows that learn a box, from `BoxRows` to scalars, among them `box`.
            class_loss: Sum over predictions, from logits [n, C] and zeros and ones [n, C].
            class_weight: Weight of the class term.
            box_weight: Weight of the box term.
        """
        self.assigner, self.box_loss, self.class_loss = assigner, box_loss, class_loss
        self.class_weight, self.box_weight = class_weight, box_weight

    def __call__(self, raw: RawOutput, targets: list[Target], samples_seen: int | None = None) -> dict[str, Tensor]:
        """Compute the loss of a batch in float32.

        Args:
            raw: The network's output for B clips.
            targets: B targets, boxes [N, 4] 0..1; labels int64 [N] or multi-hot [N, C].
            samples_seen: Not used.

        Returns:
            Scalars `box`, `conf` (0), `cls`, weighted and divided by the number of positives (at least 1), and `total`.
        """
        return self.divided(*self.sums(raw, targets, samples_seen))

    @in_full_precision
    def sums(self, raw: RawOutput, targets: list[Target], samples_seen: int | Tensor | None = None) -> LossSums:
        """Compute the terms of a batch in float32, as sums; see `Criterion.sums`."""
        found = self.assigner(raw, targets)
        logits = raw["cls"].float()
        goals = _goals(found, logits)
        taken = torch.ones_like(logits[..., 0], dtype=torch.bool) if found.ignored is None else ~found.ignored
        rows = found.box_rows or found
        terms = {
            name: self.box_weight * value
            for name, value in self.box_loss(BoxRows(raw, rows.clip, rows.prediction, rows.boxes_xyxy)).items()
        }
        terms["conf"] = logits.new_zeros(())
        terms["cls"] = self.class_weight * self.class_loss(logits[taken], goals[taken])
        return LossSums(terms, len(targets), len(found.clip))

    def divided(self, terms: Mapping[str, Tensor], clips: int | Tensor, positives: int | Tensor) -> dict[str, Tensor]:
        """Divide the terms of a batch by its positives; see `Criterion.divided`."""
        many = positives.clamp(min=1) if isinstance(positives, Tensor) else max(positives, 1)
        losses = {name: value / many for name, value in terms.items()}
        losses["total"] = losses["box"] + losses["conf"] + losses["cls"]
        return losses


def _goals(found: Assignment, logits: Tensor) -> Tensor:
    """Return float [B, M, C], the labels of the positives as zeros and ones, zeros elsewhere."""
    goals = torch.zeros_like(logits)
    if len(found.clip):
        labels = found.labels if found.labels.ndim == 2 else F.one_hot(found.labels, logits.shape[-1])
        goals[found.clip, found.prediction] = labels.to(goals)
    return goals
