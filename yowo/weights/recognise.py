"""Which model and data set a detector's weights are for, told from names and shapes."""

from yowo.weights.kinds import DETECTOR
from yowo.weights.loading import Weights

ANCHORS = 5
"""Anchors of every published network of the family."""
BOX_AND_CONFIDENCE = 5
DATASETS = {24: "ucf24", 21: "jhmdb21", 80: "ava"}
"""Data set by its number of classes."""
TINY_CHANNELS = 16
"""More channels than YOWO-Tiny has after its first convolution, and fewer than the others."""


def num_classes(weights: Weights) -> int | None:
    """Return the number of classes that a detector's head predicts; None where there is no such head."""
    head = weights.state.get("head.weight")
    if weights.kind.part != DETECTOR or head is None or len(head) % ANCHORS:
        return None
    count = len(head) // ANCHORS - BOX_AND_CONFIDENCE
    return count if count > 0 else None


def likely_setup(weights: Weights) -> tuple[str | None, str | None]:
    """Return model and data set as `yowo train model=... dataset=...` names them; None for what cannot be told.

    Clip length and input size leave no trace in weights: files trained with 32 frames are told apart by nobody.
    """
    texts = weights.content.get("metadata")
    if isinstance(texts, dict) and {"model", "dataset"} <= set(texts):
        return texts["model"], texts["dataset"]
    count = num_classes(weights)
    return _model(weights), None if count is None else DATASETS.get(count)


def _model(weights: Weights) -> str | None:
    """Tell the family's networks apart by the parts that only one of them has."""
    state = weights.state
    first = state.get("backbone2d.conv_1.0.conv.weight")
    if weights.kind.part != DETECTOR or "head.weight" not in state or first is None:
        return None
    if len(first) < TINY_CHANNELS:
        return "yowo_tiny"
    if "head.bias" not in state:
        return "yowo"
    return "yowo_nano" if any(name.startswith("backbone3d.features.") for name in state) else "yowo_plus"
