"""Recognises from names and shapes which model and data set a detector's weights are for."""

from yowo.weights.loading import Weights
from yowo.weights.registry import DETECTOR

ANCHORS = 5
"""Number of anchors of every published network of the YOWO family."""
BOX_AND_CONFIDENCE = 5
"""Predictions per anchor besides the classes: four of the box, one confidence."""
DATASETS = {24: "ucf24", 21: "jhmdb21", 80: "ava"}
"""Data sets by number of classes."""
TINY_CHANNELS = 16
"""YOWO-Tiny's first convolution has fewer output channels than this, the other networks' more."""


def num_classes(weights: Weights) -> int | None:
    """Return the number of classes of a detector's head; None if the weights have no such head."""
    head = weights.state.get("head.weight")
    if weights.kind.part != DETECTOR or head is None or len(head) % ANCHORS:
        return None
    count = len(head) // ANCHORS - BOX_AND_CONFIDENCE
    return count if count > 0 else None


def likely_setup(weights: Weights) -> tuple[str | None, str | None]:
    """Return model and data set by their names in conf/, such as ("yowo_plus", "ucf24"); None for an unknown one.

    Clip length and input size do not change the shapes of weights, so they cannot be recognised.
    """
    texts = weights.content.get("metadata")
    if isinstance(texts, dict) and {"model", "dataset"} <= set(texts):
        return texts["model"], texts["dataset"]
    count = num_classes(weights)
    return _model(weights), None if count is None else DATASETS.get(count)


def _model(weights: Weights) -> str | None:
    """Return the name of the network, recognised by entries that only one network of the family has."""
    state = weights.state
    first = state.get("backbone2d.conv_1.0.conv.weight")
    if weights.kind.part != DETECTOR or "head.weight" not in state or first is None:
        return None
    if len(first) < TINY_CHANNELS:
        return "yowo_tiny"
    if "head.bias" not in state:
        return "yowo"
    return "yowo_nano" if any(name.startswith("backbone3d.features.") for name in state) else "yowo_plus"
