"""Reads weights files as plain data: code stored in a file is never run."""

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
"""Key of the `DarknetWeights` in the result of `read_checkpoint`."""


class _NumpyType:
    """Replaces numpy.dtype in a pickle; stores only the name of the type."""

    def __init__(self, code: str, *_: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Read the byte order from the state of `numpy.dtype`."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.code = f"{state[1]}{self.code}"


def _numpy_number(kind: _NumpyType, raw: bytes = b"") -> float | None:
    """Replaces numpy's function that reads a scalar from a pickle; returns None for types other than numbers."""
    if not re.fullmatch(r"[<>]?[fiub][1248]", kind.code):
        return None
    return float(np.frombuffer(raw, kind.code)[0])


# types that files may contain besides tensors and plain containers: the authors' parsed arguments and numpy scalars
HARMLESS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    argparse.Namespace,
    (_NumpyType, "numpy.dtype"),
    (_numpy_number, "numpy.core.multiarray.scalar"),
    (_numpy_number, "numpy._core.multiarray.scalar"),
]


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read a weights file of PyTorch (0.2 or later), safetensors or darknet without running code stored in it.

    Args:
        path: The file. The authors' released files contain an `argparse.Namespace`, which is read as plain data.

    Returns:
        The mapping in the file; for a safetensors file `{"state_dict": tensors, "metadata": texts}`, for a darknet file
        `{"darknet": DarknetWeights}`.

    Raises:
        WeightsError: There is no such file, it is damaged or not a weights file, or reading it would run code.
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
    """Read the tensors and the metadata of a safetensors file."""
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            return {"state_dict": tensors, "metadata": file.metadata() or {}}
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{path}: incomplete or damaged safetensors file ({error}); download it again") from error


def _read_pytorch(path: Path) -> Any:
    """Read a file of `torch.save`; errors of all types become a WeightsError of one line."""
    try:
        with path.open("rb") as file, torch.serialization.safe_globals(HARMLESS), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns about unusual pickle protocols before it fails or succeeds
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(f"{path}: {_unpickling_message(str(error))}") from error
    except Exception as error:  # torch.load raises errors of many types for damaged files
        raise WeightsError(
            f"{path}: incomplete or damaged PyTorch file ({type(error).__name__}); download it again"
        ) from error


def _unpickling_message(text: str) -> str:
    """Return our message for an error of PyTorch's restricted unpickler."""
    found = re.search(r"GLOBAL (\S+)", text)
    if found and found[1].startswith("ultralytics."):
        return (
            f"refused, because reading it would run code stored in it ({found[1]}): a file of YOLOv8's own program; in "
            "an environment with ultralytics, save its state dict: torch.save(ultralytics.YOLO('yolov8m.pt').model"
            ".state_dict(), 'yolov8m_state.pth'), and give that file (AGPL-3.0)"
        )
    if found or "Trying to call reduce" in text or "Can only" in text:
        what = f" ({found[1]})" if found else ""
        return (
            f"refused, because reading it would run code stored in it{what}; if you trust the file, load it in the "
            "program that wrote it and save only model.state_dict()"
        )
    if "Unsupported operand" in text:
        return (
            "incomplete PyTorch file, or written with an unusual pickle protocol; download it again, or save its "
            "state dict with torch.save(state, path)"
        )
    return "damaged PyTorch file (its pickle cannot be read); download it again"
