"""Videos: exact access to frames, which files can be read and by what, when frames are shown, and writing."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "frame_source": ["FrameSource", "ReaderSource"],
        "frame_times": ["FrameTimes", "read_frame_times"],
        "frames": ["VideoReader"],
        "probe": ["VideoInfo", "probe_video", "probe_videos"],
        "readable_videos": ["readable"],
        "reader": ["open_video"],
        "video_folder": ["VideoFolder"],
        "writer": ["VideoWriter"],
    },
)
