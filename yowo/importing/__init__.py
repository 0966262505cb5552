"""Importers: annotations of other tools, read and written as a project."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "annotated": ["Annotated", "ImportOptions"],
        "formats": ["FORMATS"],
        "project_writer": ["Summary", "write_project"],
        "track_linking": ["link_tracks"],
    },
)
