"""Tubes: linkers that join detections over time (the protocol's, a trimming one, one for streams), and tube IoU."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "identities": ["PersonNumbers"],
        "linkers": ["LINKERS", "make_linker"],
        "linking": ["Linker", "VideoDetections", "YowoLinker"],
        "online": ["OnlineLinker", "OnlineStream", "TubeStep", "gather_tubes"],
        "overlap": ["tube_iou"],
        "provisional": ["CurrentTube"],
        "trimming": ["TrimmedLinker"],
    },
)
