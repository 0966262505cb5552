"""Weights files opened as plain data: no code that a file may hold ever runs."""

import argparse
import pickle
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from yowo.errors import WeightsError
from yowo.weights.darknet import read_darknet
from yowo.weights.file_format import DARKNET, SAFETENSORS, file_format

DARKNET_KEY = "darknet"
"""Where `read_checkpoint` puts a darknet file's values."""


class _NumpyType:
    """Stands in for numpy.dtype in a pickle: keeps the name of the type and nothing else."""

    def __init__(self, code: str, *_: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Take the byte order of `numpy.dtype`'s state."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.code = f"{state[1]}{self.code}"


def _numpy_number(kind: _NumpyType, raw: bytes = b"") -> float | None:
    """Stand in for numpy's own way of reading a number from a pickle; None for what is no number."""
    if not re.fullmatch(r"[<>]?[fiub][1248]", kind.code):
        return None
    return float(np.frombuffer(raw, kind.code)[0])


# what files may hold beside tensors and plain containers: the authors' parsed arguments, and scores that numpy computed
HARMLESS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    argparse.Namespace,
    (_NumpyType, "numpy.dtype"),
    (_numpy_number, "numpy.core.multiarray.scalar"),
    (_numpy_number, "numpy._core.multiarray.scalar"),
]


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Open a weights file of PyTorch (any version from 0.2 on), safetensors or darknet without running code in it.

    Args:
        path: The file. The authors' released files hold an `argparse.Namespace`, which is allowed as plain data.

    Returns:
        The mapping in the file; a safetensors file gives `{"state_dict": tensors, "metadata": texts}`, a darknet file
        `{"darknet": DarknetWeights}`.

    Raises:
        WeightsError: There is no such file, it is damaged or no weights file, or it wants to run code.
    """
    path = Path(path)
    kind = file_format(path)
    if kind == DARKNET:
        return {DARKNET_KEY: read_darknet(path)}
    if kind == SAFETENSORS:
        return _read_safetensors(path)
    content = _read_pytorch(path)
    if not isinstance(content, dict):
        raise WeightsError(f"{path}: expected a dict of weights, got a {type(content).__name__}")
    return content


def _read_safetensors(path: Path) -> dict[str, Any]:
    """Read tensors and the texts beside them."""
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            return {"state_dict": tensors, "metadata": file.metadata() or {}}
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{path}: not a whole safetensors file ({error}); download it again") from error


def _read_pytorch(path: Path) -> Any:
    """Read a file of torch.save; errors of many kinds become one line."""
    try:
        with path.open("rb") as file, torch.serialization.safe_globals(HARMLESS), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unusual protocols, before it reads or refuses them
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(f"{path}: {_complaint(str(error))}") from error
    except Exception as error:  # torch.load raises errors of many kinds for damaged files
        raise WeightsError(f"{path}: not a whole PyTorch file ({type(error).__name__}); download it again") from error


def _complaint(text: str) -> str:
    """Word a refusal of PyTorch's restricted unpickler."""
    found = re.search(r"GLOBAL (\S+)", text)
    if found or "Trying to call reduce" in text or "Can only" in text:
        what = f" ({found[1]})" if found else ""
        return (
            f"refused, because reading it would run code stored in it{what}; where you trust its author, open it on a "
            "machine of theirs and save model.state_dict() alone"
        )
    if "Unsupported operand" in text:
        return (
            "not a whole PyTorch file, or written with an unusual pickle protocol; download it again, or save its "
            "state dict with torch.save(state, path)"
        )
    return "not a whole PyTorch file (its pickle is damaged); download it again"
