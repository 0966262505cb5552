"""YOWOv3's loss: classes over all points, CIoU of the boxes, and the distributions of the distances to their sides."""

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from yowo.boxes.geometry import ciou
from yowo.contracts import IN_BINS, RawOutput, Target
from yowo.errors import ConfigError
from yowo.losses.aligned import TaskAlignedAssigner
from yowo.losses.assigners import Assignment
from yowo.losses.criterion import Assigner, LossSums
from yowo.precision import in_full_precision

GoalLoss = Callable[[Tensor, Tensor], Tensor]
CLASS_TERMS = ("entropy", "focal")
BALANCED, UNBALANCED, NORMAL = (0.5, 7.5, 1.5), (0.5, 5.0, 0.5), (1.0, 5.0, 1.0)
"""Weights of class, box and distance terms: TAL, and SimOTA of UCF101-24; SimOTA of AVA; hard labels."""


class FullEntropy:
    """Binary cross-entropy of all points and classes."""

    def __call__(self, logits: Tensor, goals: Tensor) -> Tensor:
        """Return the sum for logits and goals float [B, M, C]."""
        return F.binary_cross_entropy_with_logits(logits, goals, reduction="sum")


class QualityFocal:
    """Focal class loss with soft goals (YOWOv3's SimOTA): where a goal is above 0 weighted by its error, else by p.

    With t the goal: -|t - p|^g [t log p + (1 - t) log(1 - p)] where t > 0, elsewhere -p^g log(1 - p). The gradient goes
    through the weights too.
    """

    def __init__(self, gamma: float = 0.5, class_ratio: Sequence[float] | None = None) -> None:
        """Set the weights.

        Args:
            gamma: Power of the weight.
            class_ratio: Share r of each of the C classes in all labels: the first kind is multiplied by exp(1 - r), the
                second by exp(r). None: 1.
        """
        self.gamma = gamma
        self.class_ratio = None if class_ratio is None else torch.tensor(class_ratio, dtype=torch.float32)

    def __call__(self, logits: Tensor, goals: Tensor) -> Tensor:
        """Return the sum for logits and goals float [B, M, C]."""
        p = logits.sigmoid()
        tiny = 1e-9
        no = (1 - p + tiny).log()
        hit = -((goals - p).abs().clamp(min=tiny) ** self.gamma) * (goals * (p + tiny).log() + (1 - goals) * no)
        miss = -(p.clamp(min=tiny) ** self.gamma) * no
        if self.class_ratio is not None:
            ratio = self.class_ratio.to(p)
            hit, miss = hit * (1 - ratio).exp(), miss * ratio.exp()
        return torch.where(goals > 0, hit, miss).sum()


class SideCriterion:
    """Class, box and distance terms, divided by the summed class goals or by the number of positives.

    Attributes:
        divide_by_batch: Whether it is a mean, and not a sum over clips: it is one over goals or positives.
        confidence: "unused": it trains none; see `yowo.config.matching_parts`.
        deltas: Format of the deltas that it reads.
    """

    divide_by_batch = True
    confidence = "unused"
    deltas = IN_BINS

    def __init__(
        self,
        assigner: Assigner,
        class_loss: GoalLoss,
        class_weight: float = 0.5,
        box_weight: float = 7.5,
        distance_weight: float = 1.5,
        weighted_by_goals: bool = True,
    ) -> None:
        """Set the parts and their weights.

        Args:
            assigner: Chooses the positives and their class goals.
            class_loss: From logits and goals float [B, M, C] to their sum.
            class_weight: Weight of the class term.
            box_weight: Weight of the box term.
            distance_weight: Weight of the term of the sides' distributions.
            weighted_by_goals: Whether boxes count by the sum of their class goals and everything is divided by the sum
                of all (task-aligned), or every positive counts as one (SimOTA).
        """
        self.assigner, self.class_loss = assigner, class_loss
        self.class_weight, self.box_weight, self.distance_weight = class_weight, box_weight, distance_weight
        self.weighted_by_goals = weighted_by_goals

    def __call__(self, raw: RawOutput, targets: list[Target], samples_seen: int | None = None) -> dict[str, Tensor]:
        """Compute the loss of a batch in float32.

        Args:
            raw: The network's output for B clips; `deltas` are logits of bins.
            targets: B targets, boxes [N, 4] 0..1; labels int64 [N] or multi-hot [N, C].
            samples_seen: Not used.

        Returns:
            Scalars `box`, `conf` (0), `cls`, `distance`, weighted and divided, and `total`.
        """
        return self.divided(*self.sums(raw, targets, samples_seen))

    @in_full_precision
    def sums(self, raw: RawOutput, targets: list[Target], samples_seen: int | Tensor | None = None) -> LossSums:
        """Compute the terms of a batch in float32, as sums; see `Criterion.sums`."""
        found = self.assigner(raw, targets)
        logits = raw["cls"].float()
        goals, each = _goals(found, logits)
        weight = each if self.weighted_by_goals else torch.ones_like(each)
        where = (found.clip, found.prediction)
        stride = raw["strides"][found.prediction][:, None]
        boxes, wanted = raw["boxes"].float()[where] / stride, found.boxes_xyxy / stride
        box = ((1 - ciou(boxes, wanted)) * weight).sum()
        distance = (self._distances(raw, found, wanted) * weight).sum()
        terms = {
            "box": self.box_weight * box,
            "conf": logits.new_zeros(()),
            "cls": self.class_weight * self.class_loss(logits, goals),
            "distance": self.distance_weight * distance,
        }
        return LossSums(terms, len(targets), weight.sum())  # type: ignore[arg-type]  # a sum of goals need not be whole

    def divided(self, terms: Mapping[str, Tensor], clips: int | Tensor, positives: int | Tensor) -> dict[str, Tensor]:
        """Divide the terms of a batch by its goals or positives, where there are any; see `Criterion.divided`."""
        many = torch.as_tensor(positives)
        many = torch.where(many > 0, many, torch.ones_like(many))
        losses = {name: value / many for name, value in terms.items()}
        losses["total"] = losses["box"] + losses["conf"] + losses["cls"] + losses["distance"]
        return losses

    def _distances(self, raw: RawOutput, found: Assignment, wanted: Tensor) -> Tensor:
        """Return float [P], cross-entropies of the sides' bins, mean over the sides; `wanted` [P, 4] in strides."""
        if "deltas" not in raw or raw["deltas"].shape[-1] < 8 or raw["deltas"].shape[-1] % 4:
            raise ConfigError(f"loss: it is for boxes that are predicted as {IN_BINS}, as model=yowo_v3's are")
        logits = torch.unflatten(raw["deltas"].float()[found.clip, found.prediction], -1, (4, -1))
        point = raw["points"][found.prediction] / raw["strides"][found.prediction][:, None]
        away = torch.cat([point - wanted[:, :2], wanted[:, 2:] - point], dim=1).clamp(0, logits.shape[-1] - 1 - 0.01)
        low = away.long()
        share = away - low
        log_p = logits.log_softmax(dim=-1)
        below = log_p.gather(2, low[..., None]).squeeze(-1)
        above = log_p.gather(2, low[..., None] + 1).squeeze(-1)
        return -(below * (1 - share) + above * share).mean(dim=1)


def build_side_criterion(
    assigner: Assigner,
    classes: Sequence[str],
    exclusive_classes: int,
    class_ratio: Sequence[float] | None = None,
    class_loss: str | None = None,
    class_weight: float | None = None,
    box_weight: float | None = None,
    distance_weight: float | None = None,
) -> SideCriterion:
    """Make the loss; what is None is what the released program takes with the assigner and the labels.

    Args:
        assigner: `TaskAlignedAssigner` brings the full cross-entropy, everything weighted by goals. One of the SimOTA
            rules with soft labels brings the focal loss, with hard labels (the program's "normal") the cross-entropy.
        classes: Names of the C classes.
        exclusive_classes: Classes that exclude each other; C means one-hot labels.
        class_ratio: Share of each class in all labels, which the focal loss of multi-hot labels uses.
        class_loss: "entropy" or "focal".
        class_weight: Weight of the class term.
        box_weight: Weight of the box term.
        distance_weight: Weight of the term of the sides' distributions.

    Raises:
        ConfigError: `class_loss` is another word.
    """
    aligned = isinstance(assigner, TaskAlignedAssigner)
    focal = not aligned and bool(getattr(assigner, "soft_labels", False))
    kind = class_loss or ("focal" if focal else "entropy")
    if kind not in CLASS_TERMS:
        raise ConfigError(f"loss.class_loss: expected one of {', '.join(CLASS_TERMS)} or null, got {class_loss!r}")
    multi_hot = exclusive_classes < len(classes)
    released = BALANCED if aligned or (focal and not multi_hot) else UNBALANCED if focal else NORMAL
    given = (class_weight, box_weight, distance_weight)
    of_class, of_box, of_distance = (
        own if own is not None else other for own, other in zip(given, released, strict=True)
    )
    term = QualityFocal(class_ratio=class_ratio if multi_hot else None) if kind == "focal" else FullEntropy()
    return SideCriterion(assigner, term, of_class, of_box, of_distance, weighted_by_goals=aligned)


def _goals(found: Assignment, logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return float [B, M, C], the class goals, and float [P], their sums over the classes for each positive."""
    labels = found.labels if found.labels.ndim == 2 else F.one_hot(found.labels, logits.shape[-1])
    rows = labels.to(logits) if found.quality is None else labels.to(logits) * found.quality[:, None]
    goals = torch.zeros_like(logits)
    goals[found.clip, found.prediction] = rows
    return goals, rows.sum(dim=1)
