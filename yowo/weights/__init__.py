"""Weights files of every published format: download, recognise, read, load into a network, write."""

from lazy_loader import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    submod_attrs={
        "exporting": ["write_backbone", "write_detector"],
        "fetching": ["fetch"],
        "loading": ["LoadReport", "load_weights"],
        "opening": ["open_weights"],
        "registry": ["PUBLISHED", "Published"],
        "starting": ["StartingWeights"],
    },
)
