"""Importers: read the annotations of other tools and write them as a project."""

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
