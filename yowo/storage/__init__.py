"""Prepared storage: small, verified copies of long videos for fast random access, in the originals' folder layout."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "film_copy": ["copy_film"],
        "manifest": ["PreparedVideo", "read_manifest"],
        "preparation": ["Outcome", "prepare"],
        "transcoder": ["Recipe", "transcode"],
    },
)
