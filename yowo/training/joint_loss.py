"""The loss of an optimizer step, as if one process had seen the clips of all processes and accumulated batches at once.

DDP averages gradients over the processes, and Lightning divides the loss by the number of accumulated batches; both are
right only for means over equal shares. Here each process returns its part of the joint loss, in such units that what
they do ends in the gradients of the joint batch: also where shares differ, where a process has no box, and in the last
batches of an epoch, which are fewer than an optimizer step usually adds up.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn

from yowo.contracts import RawOutput, Target
from yowo.losses.criterion import LossSums

Count = int | Tensor
"""A number that one process knows as an integer, and several as a scalar on their device, so that none waits for it."""
PER_CLIP = ("cls", "boxes", "conf", "deltas")
"""Keys of `RawOutput` with a row for each clip."""


class Divided(Protocol):
    """A loss whose terms can be added over batches and processes before they are divided."""

    def sums(self, raw: RawOutput, targets: list[Target], samples_seen: Count | None = None) -> LossSums:
        """See `yowo.losses.criterion.Criterion.sums`."""
        ...

    def divided(self, terms: Mapping[str, Tensor], clips: Count, positives: Count) -> dict[str, Tensor]:
        """See `yowo.losses.criterion.Criterion.divided`."""
        ...


class MeanOverClips:
    """Gives a loss without `sums` these: its values are taken as means over the clips of a batch."""

    divide_by_batch = True

    def __init__(self, criterion: Callable[..., dict[str, Tensor]]) -> None:
        """Store the loss.

        Args:
            criterion: From raw output, targets and the number of training samples to scalars by name, with `total`.
        """
        self.criterion = criterion

    def sums(self, raw: RawOutput, targets: list[Target], samples_seen: Count | None = None) -> LossSums:
        """Multiply the loss of a batch by its number of clips."""
        seen = None if samples_seen is None else int(samples_seen)
        losses = self.criterion(raw, targets, seen)
        return LossSums({name: value * len(targets) for name, value in losses.items()}, len(targets), 0)

    def divided(self, terms: Mapping[str, Tensor], clips: Count, positives: Count) -> dict[str, Tensor]:
        """Divide by the number of clips."""
        return {name: value / clips for name, value in terms.items()}


class JointLoss:
    """The loss of the clips of all processes, and the weights of the batches that an optimizer step adds up.

    With a loss that is a mean over clips, a step's gradients are those of the mean over all its clips. With one that
    is a sum they are those of the sum, as in the authors' original code; a class term that is a mean over positives
    (`average_multi_hot`) is that of each batch of all processes, and these are added too.

    Attributes:
        samples: Number of training clips so far, on all processes.
        step_ends: Whether the next batch is the last one before the optimizer's step.
        as_it_comes: Whether each batch counts the same, however many a step adds up, see `yowo.training.accumulation`.
    """

    as_it_comes = False

    def __init__(self, criterion: Callable[..., dict[str, Tensor]]) -> None:
        """Store the loss.

        Args:
            criterion: A `yowo.losses.Criterion`; a loss without its `sums` is taken as a mean over clips.
        """
        self.criterion: Divided = criterion if hasattr(criterion, "sums") else MeanOverClips(criterion)  # type: ignore[assignment]
        self.is_mean = bool(getattr(self.criterion, "divide_by_batch", True))
        self.samples: Count = 0
        self.step_ends = False
        self._clips: Count = 0
        self._planned: Tensor | float | None = None
        self._seen: Count = 0

    def __call__(self, raw: RawOutput, targets: list[Target]) -> tuple[Tensor, dict[str, Tensor]]:
        """Compute the loss of the batch that all processes have together, and count its clips.

        Args:
            raw: The network's output for the B clips of this process.
            targets: Their targets.

        Returns:
            The loss to differentiate, a scalar: the mean of its gradients over the processes is the gradient of the
            joint loss. And the values of the joint loss by name, the same on every process.
        """
        clips = self._clips = count(len(targets), raw["cls"].device)
        self.samples = self.samples + clips
        sums = self.criterion.sums(raw, targets, self.samples)
        if processes() == 1:
            losses = self.criterion.divided(*sums)
            return losses["total"], {name: value.detach() for name, value in losses.items()}
        terms = [value.detach() for value in sums.terms.values()]
        *added, positives = over_processes(torch.stack([*terms, terms[0].new_tensor(sums.positives)])).unbind()
        part = self.criterion.divided(sums.terms, clips, positives)["total"]
        values = self.criterion.divided(dict(zip(sums.terms, added, strict=True)), clips, positives)
        return part * processes(), values

    def weight(self, accumulated: int, begins: bool, parameters: Iterable[nn.Parameter]) -> Tensor | float:
        """Return the factor of the last batch's loss; weigh the gradients of the batches before it anew if need be.

        As long as all batches are alike, nothing is weighed anew: the factor is 1, and Lightning's division by
        `accumulated` is right. Other batches get the share of their clips in a step of equal batches; at the step's
        end the number of clips is known, and what was taken for it is put right.

        Args:
            accumulated: Number of batches that an optimizer step adds up, and that Lightning divides the loss by.
            begins: Whether the batch is the first one of a step.
            parameters: The parameters, with the gradients so far.
        """
        ends, self.step_ends = self.step_ends, False
        if accumulated == 1:
            return 1.0
        if not self.is_mean:
            return float(accumulated)
        if self.as_it_comes:
            return 1.0
        if begins or self._planned is None:
            self._planned, self._seen = self._clips * float(accumulated), 0
        self._seen = self._seen + self._clips
        weight = self._clips * float(accumulated) / self._planned
        if not ends:
            return weight
        put_right = self._planned / self._seen
        self._planned = None
        if isinstance(put_right, Tensor) or put_right != 1:
            with torch.no_grad():
                for parameter in parameters:
                    if parameter.grad is not None and not begins:
                        parameter.grad.mul_(put_right)
        return weight * put_right


class SplitLosses:
    """The losses of an evaluation, from all clips of the split: the same for any number of processes and batches.

    A loss that is a sum over clips is that of a whole batch of all processes.
    """

    def __init__(self, criterion: Divided) -> None:
        """Start without clips.

        Args:
            criterion: The loss.
        """
        self.criterion = criterion
        self._sums: dict[str, float] = {}
        self._clips = self._positives = self._batch = 0

    def add(self, raw: RawOutput, targets: list[Target], repeated: list[bool]) -> None:
        """Add a batch.

        Args:
            raw: The network's output for B clips.
            targets: B targets.
            repeated: For each clip whether another process has it too; such clips are left out.
        """
        self._batch = max(self._batch, len(targets))
        if any(repeated):
            kept = [place for place, left_out in enumerate(repeated) if not left_out]
            rows = {key: raw[key][kept] for key in PER_CLIP if key in raw}  # type: ignore[literal-required]
            raw, targets = {**raw, **rows}, [targets[place] for place in kept]  # type: ignore[typeddict-item]
        sums = self.criterion.sums(raw, targets)
        values = torch.stack([value.detach().float() for value in sums.terms.values()]).tolist()
        for name, value in zip(sums.terms, values, strict=True):
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._clips, self._positives = self._clips + sums.clips, self._positives + sums.positives

    def compute(self, device: torch.device) -> dict[str, Tensor]:
        """Return the losses by name; all processes must call this. Empty before the first batch.

        Args:
            device: Where processes exchange numbers.
        """
        if not self._sums:
            return {}
        counts = (self._clips, self._positives, self._batch)
        numbers = torch.tensor([*self._sums.values(), *counts], dtype=torch.float32, device=device)
        *terms, clips, positives, batch = over_processes(numbers).unbind()
        share = torch.minimum(batch, clips) / clips
        added = {name: term * share for name, term in zip(self._sums, terms, strict=True)}
        return self.criterion.divided(added, clips * share, positives * share)


def processes() -> int:
    """Return the number of processes that train or evaluate together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def over_processes(values: Tensor) -> Tensor:
    """Add a tensor over the processes, in place, and return it."""
    if processes() > 1:
        dist.all_reduce(values)
    return values


def count(number: int, device: torch.device) -> Count:
    """Add a number over the processes.

    Args:
        number: That of this process.
        device: Where processes exchange numbers.
    """
    return number if processes() == 1 else over_processes(torch.tensor(number, device=device))
