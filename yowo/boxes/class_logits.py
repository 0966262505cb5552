"""What class logits mean: one rule for detections and losses."""

import torch
from torch import Tensor


def class_probabilities(logits: Tensor, exclusive_classes: int) -> Tensor:
    """Turn class logits into probabilities.

    Args:
        logits: float [..., C].
        exclusive_classes: How many of the first classes share a softmax (UCF101-24: all; AVA: its 14 poses); the
            others get a sigmoid each.

    Returns:
        float [..., C] in 0..1.
    """
    exclusive, free = logits[..., :exclusive_classes], logits[..., exclusive_classes:]
    return torch.cat([exclusive.softmax(dim=-1), free.sigmoid()], dim=-1)
