"""Batch norms folded into the convolutions before them: the same function with fewer operations, for inference."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torch.utils.hooks import RemovableHandle


@torch.no_grad()
def fold_batch_norms(network: nn.Module, run: Callable[[], object]) -> int:
    """Fold each batch norm whose input is the output of a convolution into that convolution.

    Which norm follows which convolution is seen by running the network once. A norm that sees anything else, or is used
    several times, stays.

    Args:
        network: In evaluation mode; changed in place, its folded norms become identities.
        run: Calls the network on any valid input.

    Returns:
        Number of norms that were folded.
    """
    made: list[tuple[Tensor, str]] = []
    pairs: list[tuple[str, str]] = []
    calls: dict[str, int] = {}
    handles: list[RemovableHandle] = []

    def listen(name: str, module: nn.Module) -> None:
        def called(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            calls[name] = calls.get(name, 0) + 1
            if isinstance(module, _ConvNd):
                made.append((output, name))
                return
            pairs.extend((conv, name) for tensor, conv in made if tensor is inputs[0])

        handles.append(module.register_forward_hook(called))

    for name, module in network.named_modules():
        if isinstance(module, (_ConvNd, _BatchNorm)):
            listen(name, module)
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    followers = [conv for conv, _ in pairs]
    folded = 0
    for conv, norm in pairs:
        if calls[conv] == calls[norm] == followers.count(conv) == 1:
            _fold(network.get_submodule(conv), network.get_submodule(norm))
            parent, _, own = norm.rpartition(".")
            setattr(network.get_submodule(parent), own, nn.Identity())
            folded += 1
    return folded


def _fold(conv: Any, norm: Any) -> None:
    """Give a convolution the weight and bias of itself and the norm together."""
    conv.weight, conv.bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )
