"""Using a trained detector: on streams of frames, with features of long videos, drawing results, timing."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "drawing": ["contact_sheet", "draw_boxes", "save_picture"],
        "clip_detector": ["ClipDetector"],
        "feature_bank": ["FeatureBank", "LongTermContext"],
        "frame_tracks": ["CurrentTracks", "FinalTracks", "LinkedTracks"],
        "live_tubes": ["LiveFrame", "LiveTube", "LiveTubes"],
        "speed": ["frames_per_second"],
        "streaming": ["FrameResult", "detect_frames"],
        "tracks": ["FrameRows", "FrameTube", "TrackedFrame"],
    },
)
