"""The loss of a batch: confidence, class and box terms (YOWO-Plus report, section 2.3; the original YOWO)."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from yowo.boxes.geometry import giou, iou
from yowo.contracts import RawOutput, Target
from yowo.errors import ConfigError
from yowo.losses.assigners import Assignment
from yowo.losses.box_terms import BoxRows
from yowo.precision import in_full_precision

Assigner = Callable[[RawOutput, list[Target]], Assignment]
BoxLoss = Callable[[BoxRows], dict[str, Tensor]]
ClassLoss = Callable[[Tensor, Tensor], Tensor]
GOALS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"giou": giou, "iou": iou}


class LossSums(NamedTuple):
    """The terms of a batch before they are divided, so that those of several batches or processes can be added.

    Attributes:
        terms: Scalars by name, weighted: `box`, `conf`, `cls`, and the parts that the box term gives.
        clips: Number of clips.
        positives: Number of positives that the class term is divided by; 0 where it is not divided by them.
    """

    terms: dict[str, Tensor]
    clips: int
    positives: int


class Criterion:
    """Weighted sum of three terms.

    Box and class: the given terms on positives. Confidence: squared error of sigmoid(conf); on positives against the
    overlap of the predicted box with its goal (negative overlaps count as 0; no gradient flows through it), elsewhere
    against 0, except where the assigner ignores a prediction. A network without `conf` has no confidence term: then
    nothing here teaches it the background, and a class term over all predictions must.

    Examples:
        >>> from yowo.losses import AnchorIoUAssigner, GIoULoss, SoftmaxFocalLoss
        >>> from yowo.models.heads import grouped_output
        >>> raw = grouped_output(torch.zeros(1, 2 * (1 + 3 + 4), 2, 2), torch.tensor([[20.0, 20], [40, 40]]), stride=32)
        >>> target = {"boxes": torch.tensor([[0.55, 0.05, 0.95, 0.45]]), "labels": torch.tensor([2])}
        >>> losses = Criterion(AnchorIoUAssigner(), GIoULoss(), SoftmaxFocalLoss())(raw, [target])
        >>> {name: round(value.item(), 3) for name, value in losses.items()}
        {'box': 0.39, 'conf': 1.811, 'cls': 0.488, 'total': 2.689}

    Attributes:
        confidence: "used", where there is one; see `yowo.config.matching_parts`.
    """

    confidence = "used"

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
        """Set the parts and their weights; the defaults are the report's.

        Args:
            assigner: Chooses the positives, and what is ignored.
            box_loss: Sum over the positives, from `yowo.losses.box_terms.BoxRows` to scalars, among them `box`.
            class_loss: Sum over the positives, from logits [P, C] and labels.
            object_weight: Weight of the confidence term on positives.
            no_object_weight: Weight of the confidence term elsewhere.
            class_weight: Weight of the class term.
            box_weight: Weight of the box term.
            goal: Overlap that the confidence of a positive should equal: "giou" (YOWO-Plus) or "iou" (YOWO).
            confidence_scale: Factor of the whole confidence term: 1 (YOWO-Plus) or 0.5 (YOWO).
            divide_by_batch: Divide every term by the number of clips (YOWO-Plus).
            average_multi_hot: Divide the class term by the number of positives if labels are multi-hot (YOWO on AVA).
            early_samples: Until this number of training samples, every prediction learns a box; one that is not
                positive learns its anchor in the middle of its cell. The authors' older YOWO: 12800; 0 is never.

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
            raw: The network's output for B clips.
            targets: B targets, boxes [N, 4] 0..1; labels int64 [N] or multi-hot [N, C].
            samples_seen: Number of training samples so far, this batch included; None is after the early phase.

        Returns:
            Scalars `box`, `conf` (0 where the network has none), `cls`, all weighted and divided, `total`, their sum,
            and the parts that the box term gives (`x`, `y`, `w`, `h`).

        Raises:
            ConfigError: A part needs what the network does not have, such as anchors.
        """
        return self.divided(*self.sums(raw, targets, samples_seen))

    @in_full_precision
    def sums(self, raw: RawOutput, targets: list[Target], samples_seen: int | Tensor | None = None) -> LossSums:
        """Compute the terms of a batch in float32, as sums.

        Args:
            raw: The network's output for B clips; B may be 0.
            targets: B targets, boxes [N, 4] 0..1; labels int64 [N] or multi-hot [N, C].
            samples_seen: Number of training samples so far, this batch included; None is after the early phase.

        Returns:
            The terms, and the numbers of clips and positives.

        Raises:
            ConfigError: A part needs what the network does not have, such as anchors.
        """
        found = self.assigner(raw, targets)
        early = self.early_samples > 0 and samples_seen is not None and bool(samples_seen < self.early_samples)
        terms = {name: self.box_weight * value for name, value in self._box(raw, found, early).items()}
        terms["conf"] = self._confidence(raw, found)
        terms["cls"] = self.class_weight * self.class_loss(
            raw["cls"].float()[found.clip, found.prediction], found.labels
        )
        averaged = self.average_multi_hot and found.labels.ndim == 2
        return LossSums(terms, len(targets), len(found.labels) if averaged else 0)

    def divided(self, terms: Mapping[str, Tensor], clips: int | Tensor, positives: int | Tensor) -> dict[str, Tensor]:
        """Divide the terms of a batch, which may be one process's part of a larger batch.

        Args:
            terms: The terms of `sums`; those of several processes can be added.
            clips: Number of clips of the whole batch.
            positives: `LossSums.positives` of the whole batch.

        Returns:
            Scalars, see `__call__`.
        """
        share = 1 / clips if self.divide_by_batch else 1.0
        losses = {name: share * value for name, value in terms.items()}
        many = positives.clamp(min=1) if isinstance(positives, Tensor) else max(positives, 1)
        losses["cls"] = losses["cls"] / many
        losses["total"] = losses["box"] + losses["conf"] + losses["cls"]
        return losses

    def _box(self, raw: RawOutput, found: Assignment, early: bool) -> dict[str, Tensor]:
        """Return the box term of the positives, in the early phase of all predictions."""
        if not early:
            return self.box_loss(BoxRows(raw, found.clip, found.prediction, found.boxes_xyxy))
        if "anchors" not in raw:
            raise ConfigError("loss.early_samples: it needs anchors, and this network has none; set it to 0")
        batch, predictions = raw["cls"].shape[:2]
        half = raw["anchors"].float()[:, 2:] / 2
        goals = torch.cat([raw["points"] - half, raw["points"] + half], dim=1).repeat(batch, 1, 1)
        goals[found.clip, found.prediction] = found.boxes_xyxy
        place = torch.arange(batch * predictions, device=goals.device)
        return self.box_loss(BoxRows(raw, place // predictions, place % predictions, goals.flatten(0, 1)))

    def _confidence(self, raw: RawOutput, found: Assignment) -> Tensor:
        """Return the weighted sum of squared errors of the confidence; 0 where the network has none."""
        if "conf" not in raw:
            return torch.zeros((), device=raw["cls"].device)
        where = (found.clip, found.prediction)
        confidence = raw["conf"].float().squeeze(-1).sigmoid()
        goal = torch.zeros_like(confidence)
        goal[where] = self.overlap(raw["boxes"].detach().float()[where], found.boxes_xyxy).clamp(min=0)
        weight = torch.full_like(confidence, self.no_object_weight)
        if found.ignored is not None:
            weight[found.ignored] = 0.0
        weight[where] = self.object_weight
        return self.confidence_scale * (weight * (confidence - goal) ** 2).sum()
