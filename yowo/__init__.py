"""yowo: spatio-temporal action detection in video."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from yowo.threads import prepare_environment

if TYPE_CHECKING:
    from yowo.api import Detector, build_model, compute_losses, detect, load_model, load_weights, replay, stream
    from yowo.evaluation.protocols import score

    __version__: str

prepare_environment()  # before torch is imported
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch: large pages for large tensors, quicker to begin with

__all__ = [
    "Detector",
    "build_model",
    "compute_losses",
    "detect",
    "load_model",
    "load_weights",
    "replay",
    "score",
    "stream",
]


def __getattr__(name: str) -> Any:
    """Import the interface when it is first used, so that `import yowo` stays quick."""
    if name == "score":  # apart from the others: it needs no torch
        return import_module("yowo.evaluation.protocols").score
    if name in __all__:
        return getattr(import_module("yowo.api"), name)
    if name == "__version__":
        return _version()
    raise AttributeError(f"module 'yowo' has no attribute {name!r}")


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("yowo-lightning")
    except metadata.PackageNotFoundError:  # run from a checkout that was not installed
        return "0+unknown"
