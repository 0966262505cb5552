"""Losses: which predictions answer for which box, the terms, and their sum."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "assigners": ["AnchorIoUAssigner", "Assignment", "BestAnchorAssigner", "BestPredictionAssigner"],
        "box_terms": ["GIoULoss", "SmoothL1Loss"],
        "criterion": ["Criterion"],
        "terms": ["MultiHotFocalLoss", "SoftmaxFocalLoss"],
    },
)
