"""Constants of a network that averaging its weights changes in their last bits, and that no state dict holds.

Lightning averages every buffer; 0.998 a + 0.002 a is not always a. A training that goes on needs the same last bits.
"""

from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor, nn


def averaged_constants(trainer: L.Trainer) -> dict[str, Tensor]:
    """Return, by name, the buffers of averaged weights that are not in their state dict; empty without averaging."""
    return {name: buffer for module in _averaged(trainer) for name, buffer in _constants(module).items()}


def restore_averaged_constants(trainer: L.Trainer, kept: dict[str, Tensor]) -> None:
    """Set the buffers that `averaged_constants` has returned; names that are not there any more are left out."""
    for module in _averaged(trainer):
        for name, buffer in _constants(module).items():
            if name in kept and kept[name].shape == buffer.shape:
                buffer.copy_(kept[name])


def _constants(module: nn.Module) -> dict[str, Tensor]:
    stored = module.state_dict()
    return {name: buffer for name, buffer in module.named_buffers() if name not in stored}


def _averaged(trainer: L.Trainer) -> list[nn.Module]:
    found: list[Any] = [c for c in cast(Any, trainer).callbacks if isinstance(c, WeightAveraging)]
    return [callback._average_model.module for callback in found if callback._average_model is not None]
