"""Gradient checkpointing: segments of a backbone store their input only, and run again in the backward pass."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from yowo.errors import ConfigError


def run_segment(
    segment: Callable[[Tensor], Tensor], x: Tensor, recompute: bool, norms: Sequence[nn.Module] = ()
) -> Tensor:
    """Run a segment of a network.

    Args:
        segment: A module, or a function of `norms` and of modules without batch norms. Nothing in it may be random.
        x: Its input.
        recompute: Whether the tensors inside are computed again in the backward pass instead of stored. The gradients
            are the same; statistics of batch norms are updated once, in the forward pass.
        norms: Modules with the batch norms of a function.

    Returns:
        Its output.
    """
    if not recompute or not torch.is_grad_enabled():
        return segment(x)
    owners = [segment] if isinstance(segment, nn.Module) else norms

    def contexts() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
        return nullcontext(), _statistics_kept(owners)

    again: Tensor = checkpoint(segment, x, use_reentrant=False, preserve_rng_state=False, context_fn=contexts)
    return again


def run_blocks(blocks: nn.Sequential, x: Tensor, recompute: bool) -> Tensor:
    """Run the blocks of a stage, each of them a segment.

    Args:
        blocks: The stage.
        x: Its input.
        recompute: See `run_segment`.

    Returns:
        Its output.
    """
    if not recompute:
        out: Tensor = blocks(x)
        return out
    for block in blocks:
        x = run_segment(block, x, recompute)
    return x


@contextmanager
def _statistics_kept(owners: Sequence[nn.Module]) -> Iterator[None]:
    """Keep the running statistics of the batch norms in modules: with a momentum of 0 a forward pass adds nothing.

    They must take part, though: autograd stores them, and expects the second pass to store what the first did.
    """
    every = [module for owner in owners for module in owner.modules()]
    norms = [m for m in every if isinstance(m, _BatchNorm) and m.training and m.track_running_stats]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.sub_(1)


def recompute_segments(network: nn.Module) -> None:
    """Set the attribute `recompute` of the parts of a network that have it, which trades time for memory.

    Args:
        network: The network. A backbone that offers this has an attribute `recompute`, False at first, and calls its
            segments by `run_segment`.

    Raises:
        ConfigError: No part of it has the attribute.
    """
    parts = [child for child in network.children() if hasattr(child, "recompute")]
    if not parts:
        raise ConfigError("gradient_checkpointing: no backbone of this network offers it; set it to false")
    for part in parts:
        part.recompute = True  # type: ignore[assignment]
