"""How far the outputs of an exported file are from those of the network that it was made of."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from yowo.boxes.class_logits import class_probabilities
from yowo.contracts import RawOutput
from yowo.models.postprocess import boxes_norm

LIMIT = 1e-4
"""Largest difference of a score, or of a box as a fraction of the picture, with which a file is taken to be right."""


class Difference(NamedTuple):
    """Largest differences over all predictions.

    Attributes:
        scores: Of confidences and class probabilities, 0..1.
        boxes: Of the sides of boxes, clipped to the picture, as fractions of it.
    """

    scores: float
    boxes: float

    @property
    def worst(self) -> float:
        """The larger one; infinite where a number is not finite."""
        return max(self.scores, self.boxes)

    def joined(self, other: "Difference") -> "Difference":
        """Return the larger ones of two."""
        return Difference(max(self.scores, other.scores), max(self.boxes, other.boxes))


def difference(ours: RawOutput, theirs: RawOutput, exclusive_classes: int) -> Difference:
    """Compare the raw outputs of two networks for the same clips.

    Args:
        ours: Of PyTorch.
        theirs: Of the file, on the same device.
        exclusive_classes: Of the classes, from the first, how many share a softmax where there are confidences; without
            any, each class has a sigmoid.

    Returns:
        The differences; infinite where shapes differ or a number is not finite.
    """
    (one, first), (other, second) = (_values(raw, exclusive_classes) for raw in (ours, theirs))
    return Difference(
        max(_largest(one[name], other.get(name)) for name in one),
        _largest(first, second),
    )


def _values(raw: RawOutput, exclusive_classes: int) -> tuple[Mapping[str, Tensor], Tensor]:
    """Return probabilities by name, and boxes as fractions of the picture."""
    if "conf" in raw:
        scores = {"cls": class_probabilities(raw["cls"].float(), exclusive_classes)}
        scores["conf"] = raw["conf"].float().sigmoid()
    else:
        scores = {"cls": raw["cls"].float().sigmoid()}
    return scores, boxes_norm(raw)


def _largest(one: Tensor, other: Tensor | None) -> float:
    if other is None or one.shape != other.shape:
        return float("inf")
    largest = float((one - other).detach().abs().max()) if one.numel() else 0.0
    return largest if torch.isfinite(torch.tensor(largest)) else float("inf")
