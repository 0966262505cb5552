"""Losses: label assignment, the terms, and their sum."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "assigners": ["AnchorIoUAssigner", "Assignment", "BestAnchorAssigner", "BestPredictionAssigner"],
        "box_terms": ["BoxRows", "GIoULoss", "SmoothL1Loss"],
        "candidates": ["Candidates", "find_candidates", "flatten_targets"],
        "criterion": ["Criterion"],
        "terms": ["MultiHotFocalLoss", "SoftmaxFocalLoss"],
    },
)
