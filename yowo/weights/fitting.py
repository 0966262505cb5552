"""Which entries of a state dict a network can take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn

HEAD = "head."
"""Beginning of the names of the detector's last convolution."""
COUNTER = "num_batches_tracked"
"""Ending of a batch norm's counter; files before PyTorch 0.4.1 and of darknet lack it, evaluation does not use it."""


@dataclass
class Fit:
    """The entries of a file and of a network, sorted.

    Attributes:
        taken: What the network can take, as float32 or whole numbers.
        missing: Names of the network that are not in the file, counters left out.
        other_shape: Names in both, with both shapes in words.
        no_part: Names in the file of parts that the network has not, such as a classifier.
        too_many: Names in the file within parts that the network has, but without this entry.
        unusable: Names with the reason: not finite, or not the numbers that the network has there.
    """

    taken: dict[str, Tensor] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    other_shape: dict[str, str] = field(default_factory=dict)
    no_part: list[str] = field(default_factory=list)
    too_many: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)


def fit_entries(network: nn.Module, entries: Mapping[str, Tensor]) -> Fit:
    """Sort the entries of a file by whether a network can take them.

    Args:
        network: Is not changed.
        entries: Tensors by the network's names.
    """
    own = network.state_dict()
    entries = _with_own_biases(entries, own)
    fit = Fit(missing=[n for n in own if n not in entries and not n.endswith(COUNTER)])
    parts = {name for name, _ in network.named_children()}
    for name, tensor in entries.items():
        if name not in own:
            (fit.too_many if name.partition(".")[0] in parts else fit.no_part).append(name)
        elif own[name].shape != tensor.shape:
            fit.other_shape[name] = f"file {list(tensor.shape)}, network {list(own[name].shape)}"
        else:
            reason = _reason_against(tensor, own[name])
            if reason:
                fit.unusable.append(f"{name} {reason}")
            else:
                fit.taken[name] = tensor
    return fit


def fresh_head(network: nn.Module) -> dict[str, Tensor]:
    """Return new values of a detector's last convolution by the names of the detector; none without one."""
    head, anchors = getattr(network, "head", None), getattr(network, "anchors", None)
    if not isinstance(head, nn.Conv2d) or not isinstance(anchors, Tensor):
        return {}
    made = type(head)(head.in_channels, len(anchors), cast(int, network.num_classes))
    return {f"{HEAD}{name}": tensor for name, tensor in made.state_dict().items()}


def _with_own_biases(entries: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Translate between convolutions with and without a bias before their norm; the function stays the same.

    A bias that the file has and the network has not is taken off the running mean; one that the network has and the
    file has not is zero.
    """
    fitted = dict(entries)
    for name, tensor in own.items():
        stem = name.removesuffix(".norm.running_mean")
        bias = f"{stem}.conv.bias"
        if stem == name or name not in fitted:
            continue
        if bias in own and bias not in fitted:
            fitted[bias] = torch.zeros(own[bias].shape)
        elif bias in fitted and bias not in own and fitted[bias].shape == fitted[name].shape == tensor.shape:
            fitted[name] = fitted[name].float() - fitted.pop(bias).float()
    return fitted


def _reason_against(tensor: Tensor, own: Tensor) -> str:
    """Say why an entry cannot stand for the network's own; nothing where it can."""
    if tensor.layout != torch.strided:
        return "is a sparse tensor; save it as plain numbers"
    if tensor.is_meta:
        return "has a shape but no values; save the real weights"
    if own.is_floating_point() != tensor.is_floating_point():
        return f"holds {tensor.dtype} where the network has {own.dtype}"
    if tensor.is_floating_point() and not bool(torch.isfinite(tensor.float()).all()):
        return "holds NaN or infinite values: the training that wrote it went wrong"
    return ""
