"""Protocols as pure functions and on files, and the metrics of training and evaluation over them."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "ava_ap": ["ava_average_precision"],
        "ava_map": ["AvaMAP"],
        "detection_table": ["DetectionTable"],
        "error_types": ["error_types"],
        "frame_ap": ["frame_average_precision"],
        "frame_map": ["FrameMAP"],
        "key_frame_metric": ["KeyFrameMetric"],
        "protocols": ["score"],
        "video_ap": ["video_average_precision"],
        "video_map": ["VideoMAP"],
    },
)
