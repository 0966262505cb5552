"""Class terms of the loss. Each sums over the positives; nothing is averaged."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from yowo.boxes.class_logits import class_probabilities

CLAMP = 1e-4
"""AVA's probabilities are clamped to at least this distance from 0 and 1; beyond it there is no gradient."""


class SoftmaxFocalLoss:
    """Focal loss of classes that exclude each other: -(1 - p)^gamma log p of the true class (YOWO, UCF101-24)."""

    def __init__(self, gamma: float = 2.0) -> None:
        """Set the focal weight.

        Args:
            gamma: A positive is weighted by (1 - p) to this power, p being the probability of its true class.
        """
        self.gamma = gamma

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Sum the loss over the positives.

        Args:
            logits: float [P, C], one row per positive.
            labels: int64 [P], 0-based.

        Returns:
            Scalar; 0 without positives.
        """
        log_p = F.log_softmax(logits, dim=-1).gather(1, labels.reshape(-1, 1))
        return -((1 - log_p.exp()) ** self.gamma * log_p).sum()


class MultiHotFocalLoss:
    """AVA's focal loss: softmax over the poses, sigmoid over the rest, rare classes with larger weights.

    Labelled classes: -(1 - p)^gamma log p * exp(1 - r); all others: -p^gamma log(1 - p) * exp(r), with r the class's
    share of the labels.
    """

    def __init__(self, exclusive_classes: int, class_ratio: Sequence[float] | None = None, gamma: float = 0.5) -> None:
        """Set the classes' weights.

        Args:
            exclusive_classes: Number of classes, counted from the first, that share a softmax.
            class_ratio: Share of each of the C classes in all labels, 0..1; None gives all classes, positive and
                negative, the weight 1.
            gamma: Power of the focal weight.
        """
        self.exclusive_classes = exclusive_classes
        self.class_ratio = None if class_ratio is None else torch.tensor(class_ratio, dtype=torch.float32)
        self.gamma = gamma

    def __call__(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Sum the loss over positives and classes.

        Args:
            logits: float [P, C], one row per positive.
            labels: [P, C], zeros and ones.

        Returns:
            Scalar; 0 without positives.
        """
        p = class_probabilities(logits, self.exclusive_classes).clamp(CLAMP, 1 - CLAMP)
        positive = -((1 - p) ** self.gamma) * p.log()
        negative = -(p**self.gamma) * (1 - p).log()
        if self.class_ratio is not None:
            ratio = self.class_ratio.to(p)
            positive, negative = positive * (1 - ratio).exp(), negative * ratio.exp()
        return torch.where(labels.reshape(p.shape) > 0, positive, negative).sum()


def focal_loss(
    exclusive_classes: int, classes: Sequence[str], class_ratio: Sequence[float] | None = None
) -> SoftmaxFocalLoss | MultiHotFocalLoss:
    """Make the class term that fits the labels: softmax if all classes exclude each other, otherwise AVA's.

    Args:
        exclusive_classes: Number of classes, counted from the first, that share a softmax.
        classes: Names of the C classes.
        class_ratio: See `MultiHotFocalLoss`.
    """
    if exclusive_classes == len(classes):
        return SoftmaxFocalLoss()
    return MultiHotFocalLoss(exclusive_classes, class_ratio)
