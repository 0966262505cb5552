"""yowo: spatio-temporal action detection in video."""

import os
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yowo.api import build_model, compute_losses, detect, load_model, load_weights
    from yowo.evaluation.protocols import score

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch: large pages for large tensors, quicker to begin with

__all__ = ["build_model", "compute_losses", "detect", "load_model", "load_weights", "score"]

try:
    __version__ = metadata.version("yowo-lightning")
except metadata.PackageNotFoundError:  # run from a checkout that was not installed
    __version__ = "0+unknown"


def __getattr__(name: str) -> Any:
    """Import the interface when it is first used, so that `import yowo` stays quick."""
    if name == "score":  # apart from the others: it needs no torch
        return import_module("yowo.evaluation.protocols").score
    if name in __all__:
        return getattr(import_module("yowo.api"), name)
    raise AttributeError(f"module 'yowo' has no attribute {name!r}")
