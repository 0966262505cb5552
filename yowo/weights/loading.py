"""Weights from a file or a state dict into a network, with a report of what matched."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from yowo.errors import WeightsError
from yowo.weights.convert import from_released

OWN_PREFIX = "detector."
"""What the LightningModule calls the detector in its checkpoints."""
SHOWN = 5
"""Names listed in a message before it says how many more there are."""


@dataclass(frozen=True)
class LoadReport:
    """What became of the entries of a weights file.

    Attributes:
        loaded: Names (ours) that were copied into the network.
        ignored: Names in the file that the network has not.
        missing: Names of the network that the file has not; they keep their values.
    """

    loaded: list[str]
    ignored: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return one line for people."""
        return f"{len(self.loaded)} entries loaded, {len(self.ignored)} ignored, {len(self.missing)} missing"


def read_checkpoint(path: str | Path) -> dict[str, Any]:
    """Open a PyTorch or safetensors file without running any code in it.

    Args:
        path: The file. The authors' released files hold an `argparse.Namespace`, which is allowed as plain data.

    Returns:
        The mapping in the file; a safetensors file gives `{"state_dict": tensors}`.

    Raises:
        WeightsError: There is no such file, it is damaged, or it wants to run code.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weights file; check the path")
    try:
        if path.suffix == ".safetensors":
            return {"state_dict": load_file(path)}
        with torch.serialization.safe_globals([argparse.Namespace]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except SafetensorError as error:
        raise WeightsError(f"{path}: not a whole safetensors file ({error}); download it again") from error
    except Exception as error:  # torch.load raises errors of many kinds for damaged files
        if "weights_only" in str(error) or "Unsupported global" in str(error):
            raise WeightsError(f"{path}: refused, because reading it would run code stored in it") from error
        raise WeightsError(f"{path}: not a whole PyTorch file ({type(error).__name__}); download it again") from error
    if not isinstance(content, dict):
        raise WeightsError(f"{path}: expected a dict of weights, got a {type(content).__name__}")
    return content


def find_state_dict(content: Mapping[str, Any], source: str) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint by our names.

    Args:
        content: A bare state dict, or a dict that holds one as `state_dict` (Lightning, ours) or `model` (YOWO-Plus).
        source: Named in the message.

    Raises:
        WeightsError: There is no state dict in it.
    """
    for key in ("state_dict", "model"):
        inner = content.get(key)
        if isinstance(inner, Mapping):
            content = inner
            break
    tensors = {name: value for name, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        raise WeightsError(
            f"{source}: holds no state dict; its entries are {', '.join(map(str, list(content)[:SHOWN]))}"
        )
    if any(name.startswith(OWN_PREFIX) for name in tensors):
        tensors = {n.removeprefix(OWN_PREFIX): t for n, t in tensors.items() if n.startswith(OWN_PREFIX)}
    return from_released(tensors)


def load_weights(model: nn.Module, source: str | Path | Mapping[str, Any], strict: bool = True) -> LoadReport:
    """Copy weights into a network.

    Args:
        model: The detector.
        source: A file, or a state dict in memory: ours, or a released YOWO-Plus / YOWO-Nano checkpoint.
        strict: Whether anything missing is an error.

    Returns:
        What was loaded, ignored and missing.

    Raises:
        WeightsError: The file cannot be used, an entry has another shape, or, if `strict`, entries are missing.
    """
    name = "state dict" if isinstance(source, Mapping) else str(source)
    state = find_state_dict(source if isinstance(source, Mapping) else read_checkpoint(source), name)
    own = model.state_dict()
    other_shape = [
        f"{key} (file {list(state[key].shape)}, network {list(own[key].shape)})"
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    if other_shape:
        raise WeightsError(f"{name}: does not fit this network: {_first(other_shape)}")
    report = LoadReport(
        loaded=[key for key in own if key in state],
        ignored=[key for key in state if key not in own],
        missing=[key for key in own if key not in state],
    )
    if strict and report.missing:
        raise WeightsError(f"{name}: lacks {_first(report.missing)}; pass strict=False to leave these as they are")
    model.load_state_dict({key: state[key] for key in report.loaded}, strict=False)
    return report


def _first(names: list[str]) -> str:
    """List the first names and count the others."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
