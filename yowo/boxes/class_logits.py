"""Class probabilities from class logits, by the same rule in detections and losses."""

import torch
from torch import Tensor


def class_probabilities(logits: Tensor, exclusive_classes: int) -> Tensor:
    """Turn class logits into probabilities.

    Args:
        logits: float [..., C].
        exclusive_classes: Number of classes, counted from the first, that exclude each other and share a softmax
            (UCF101-24: all; AVA: its 14 poses). Each of the others gets a sigmoid.

    Returns:
        float [..., C] in 0..1.

    Examples:
        >>> class_probabilities(torch.zeros(4), exclusive_classes=4).tolist()
        [0.25, 0.25, 0.25, 0.25]
        >>> class_probabilities(torch.zeros(3), exclusive_classes=0).tolist()
        [0.5, 0.5, 0.5]
    """
    exclusive, free = logits[..., :exclusive_classes], logits[..., exclusive_classes:]
    return torch.cat([exclusive.softmax(dim=-1), free.sigmoid()], dim=-1)
