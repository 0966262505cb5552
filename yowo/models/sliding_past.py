"""The tensors of earlier steps that a network which slides over a video needs, handed over without copying."""

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from yowo.models.sliding_plan import Past

T = TypeVar("T")


class PastTensors(Generic[T]):
    """Keeps what each step returns for as long as later steps need it; tensors change their place, not their bytes.

    They may be of any kind: torch's, or numpy's for an exported network.
    """

    def __init__(self, past: Sequence[Past], kept: Sequence[str]) -> None:
        """Keep nothing yet.

        Args:
            past: What a step needs, in the order of its arguments, see `SlidingDetector.past`.
            kept: Names of what a step returns, in order, see `SlidingDetector.kept`.
        """
        self._past, self._kept = tuple(past), tuple(kept)
        longest = {name: max(p.lag for p in past if p.series == name) for name in kept}
        self._series: dict[str, deque[T]] = {name: deque(maxlen=lag) for name, lag in longest.items()}

    def fill(self, values: Sequence[T]) -> None:
        """Begin: the steps before were all alike, and returned `values`."""
        for name, value in zip(self._kept, values, strict=True):
            series = self._series[name]
            series.extend([value] * (series.maxlen or 0))

    def push(self, values: Sequence[T]) -> None:
        """Take what a step returned; the oldest tensors are dropped."""
        for name, value in zip(self._kept, values, strict=True):
            self._series[name].append(value)

    def tensors(self) -> list[T]:
        """Return what the next step needs, in the order of its arguments."""
        return [self._series[name][-lag] for name, lag in self._past]
