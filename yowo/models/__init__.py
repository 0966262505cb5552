"""Networks: backbones, fusion, heads, the detector that joins them, and what its output means."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "cost": ["ModuleCost", "module_costs"],
        "detector": ["Detector"],
        "fusion": ["CFAM"],
        "heads": ["GroupedHead", "PerAnchorHead"],
        "sliding": ["SlidingDetector"],
        "postprocess": ["ConfidenceOrder", "DetectionRule", "PostProcess"],
    },
)
