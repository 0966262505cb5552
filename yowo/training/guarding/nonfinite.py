"""Numbers that are not finite: how they are found, and how they are told."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from yowo.errors import YowoError

NAMED = 8
"""Most clips or weights that a message names."""


class NonFiniteError(YowoError):
    """A loss, gradient or weight is not finite; every process of the run raises it after the same step.

    Attributes:
        recover: Whether the run is to go back to a checkpoint, with a lower learning rate.
        steps: Number of good steps since training began or went on.
        rate: Factor of the learning rate so far, 1 if it was never lowered.
        recoveries: How often it was lowered.
        agreed: All processes raise it, so the first one tells for all.
    """

    agreed = True

    def __init__(
        self, message: str, recover: bool = False, steps: int = 0, rate: float = 1.0, recoveries: int = 0
    ) -> None:
        """Store what a recovery needs."""
        super().__init__(message)
        self.recover, self.steps, self.rate, self.recoveries = recover, steps, rate, recoveries


class Found(NamedTuple):
    """What one process has found in a step.

    Attributes:
        rank: The process.
        terms: Terms of its loss that are not finite, by name; empty if all are finite.
        samples: Names of the clips of the batch, or of all batches of the step.
        file: Where the batch is kept; None if it is not.
    """

    rank: int
    terms: dict[str, float]
    samples: list[str]
    file: str | None = None


def in_words(everyone: list[Found], parameters: list[str], where: str) -> str:
    """Return what is not finite in a step, and on which clips.

    Args:
        everyone: What each process has found.
        parameters: Names of the parameters whose gradients are not finite; used if all losses are finite.
        where: Epoch and step.

    Examples:
        >>> in_words([Found(0, {}, ["a"]), Found(1, {"box": float("nan")}, ["b", "c"], "1.pt")], [], "step 3")
        'the loss of rank 1 is not finite (box nan) in step 3, for b; c; the batch is in 1.pt (yowo.replay)'
        >>> in_words([Found(0, {}, ["a"])], ["head.weight", "head.bias"], "step 3")
        'the gradient of head.weight and 1 more is not finite in step 3, for a'
    """
    bad = [found for found in everyone if found.terms]
    said = []
    for found in bad:
        values = ", ".join(f"{name} {value}" for name, value in found.terms.items())
        process = f" of rank {found.rank}" if len(everyone) > 1 else ""
        said.append(f"the loss{process} is not finite ({values}) in {where}, for {several(found.samples)}")
    if not bad:
        more = f" and {len(parameters) - 1} more" if len(parameters) > 1 else ""
        clips = several([name for found in everyone for name in found.samples])
        said.append(
            f"the gradient of {next(iter(parameters), 'the network')}{more} is not finite in {where}, for {clips}"
        )
    files = [found.file for found in bad or everyone if found.file]
    return "; ".join([*said, *(f"the batch is in {file} (yowo.replay)" for file in files[:1])])


def several(names: list[str]) -> str:
    """Return names joined, the last ones of many as a number."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return "; ".join(names[:NAMED]) + more


def nonfinite(named: Iterable[tuple[str, Tensor]], gradient: bool = False) -> list[str]:
    """Return the names of the tensors that hold a number that is not finite.

    Args:
        named: Names and float tensors of any shape.
        gradient: Look at the tensors' gradients, where they have one, instead of their values.
    """
    pairs = ((name, item.grad if gradient else item) for name, item in named)
    return [name for name, item in pairs if item is not None and not bool(item.isfinite().all())]


@torch.no_grad()
def all_finite(tensors: Sequence[Tensor]) -> Tensor:
    """Return whether every number is finite, a bool scalar on the tensors' device.

    On a CPU sums tell it five times as fast as the largest values; only a sum that is not finite needs the latter,
    because it may have overflowed.

    Args:
        tensors: float tensors of any shape on one device.
    """
    filled = [tensor for tensor in tensors if tensor.numel()]
    if not filled:
        return torch.ones((), dtype=torch.bool)
    if filled[0].device.type == "cpu":
        sums = torch.stack([tensor.sum(dtype=torch.float32) for tensor in filled])
        if bool(sums.isfinite().all()):
            return torch.ones((), dtype=torch.bool)
    norms = torch._foreach_norm(filled, torch.inf)
    return torch.stack([norm.float() for norm in norms]).isfinite().all()
