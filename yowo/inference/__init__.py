"""A trained detector at work: over whole videos, with a bank of features, drawn, timed."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "drawing": ["contact_sheet", "draw_boxes", "save_picture"],
        "feature_bank": ["FeatureBank", "LongTermContext"],
        "speed": ["frames_per_second"],
        "streaming": ["FrameResult", "detect_frames"],
    },
)
