"""Compares the entries of a state dict with those of a network."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn

HEAD = "head."
"""Prefix of the names of a head of one convolution, which predicts boxes and classes."""
PROFILED = ("total_ops", "total_params")
"""Suffixes of entries that a profiler left in a file; they belong to no network."""
COUNTER = "num_batches_tracked"
"""Suffix of a batch norm's counter. Files of darknet and PyTorch < 0.4.1 lack it; evaluation does not use it."""


@dataclass
class Fit:
    """The entries of a file and of a network, by how they match.

    Attributes:
        taken: Tensors that can be loaded.
        missing: Names of the network that are not in the file, except counters of batch norms.
        other_shape: Names in both with different shapes; the value gives both shapes as text.
        no_part: Names in the file that belong to a part the network does not have, such as a classifier.
        too_many: Names in the file that belong to a part of the network but do not exist there.
        unusable: Names with a reason: not finite, or another type of number than the network's.
    """

    taken: dict[str, Tensor] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    other_shape: dict[str, str] = field(default_factory=dict)
    no_part: list[str] = field(default_factory=list)
    too_many: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)


def fit_entries(network: nn.Module, entries: Mapping[str, Tensor]) -> Fit:
    """Compare the entries of a file with those of a network.

    Args:
        network: The network; it is not changed.
        entries: Tensors by the network's names.

    Returns:
        Which entries can be loaded, and which cannot for which reason.
    """
    own = network.state_dict()
    entries = _with_own_biases(entries, own)
    fit = Fit(missing=[n for n in own if n not in entries and not n.endswith(COUNTER)])
    parts = {name for name, _ in network.named_children()}
    for name, tensor in entries.items():
        if name not in own:
            inside = name.partition(".")[0] in parts and not name.endswith(PROFILED)
            (fit.too_many if inside else fit.no_part).append(name)
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
    """Return newly initialised tensors of what predicts a detector's classes, by name; empty if it has no such part.

    That is the last convolution of a head that predicts all with one. Heads with a convolution for classes alone say
    which it is and how it starts (`class_layer`, `start_classes`); the other predictions then stay as they are.
    """
    head, anchors = getattr(network, "head", None), getattr(network, "anchors", None)
    if isinstance(head, nn.Conv2d) and isinstance(anchors, Tensor):
        made = type(head)(head.in_channels, len(anchors), cast(int, network.num_classes))
        return {f"{HEAD}{name}": tensor for name, tensor in made.state_dict().items()}
    fresh: dict[str, Tensor] = {}
    for prefix, part in network.named_modules():
        if hasattr(part, "class_layer") and hasattr(part, "start_classes"):
            layer = copy.deepcopy(part.get_submodule(part.class_layer))
            part.start_classes(layer)
            fresh |= {f"{prefix}.{part.class_layer}.{name}": tensor for name, tensor in layer.state_dict().items()}
    return fresh


def head_names(network: nn.Module) -> tuple[str, ...]:
    """Return the beginnings of the names of what predicts a detector's classes."""
    layers = [f"{p}.{part.class_layer}." for p, part in network.named_modules() if hasattr(part, "class_layer")]
    return tuple(layers) or (HEAD,)


def _with_own_biases(entries: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert between convolutions with and without a bias before their batch norm; the result is equivalent.

    A bias that only the file has is subtracted from the running mean. A bias that only the network has becomes 0.
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
    """Return why a tensor cannot replace the network's tensor; an empty string if it can."""
    if tensor.layout != torch.strided:
        return "is a sparse tensor; save it as a dense tensor"
    if tensor.is_meta:
        return "has a shape but no values (meta device); save it from a network that has values"
    if own.is_floating_point() != tensor.is_floating_point():
        return f"has type {tensor.dtype}, expected {own.dtype}"
    if tensor.is_floating_point() and not bool(torch.isfinite(tensor.float()).all()):
        return "has NaN or infinite values: the training that wrote it diverged; use an earlier checkpoint"
    return ""
