"""Which key frames an epoch of training visits, in which order, and which of them each process takes.

The order depends only on the seed and the epoch, not on the number of workers or on other random numbers of the
program. All processes compute the same list and take every n-th entry of it, so they need not communicate.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset, DistributedSampler

from yowo.contracts import Array
from yowo.data.key_frames import KeyFrames
from yowo.errors import ConfigError

Ints = NDArray[np.int64]


class Draw(NamedTuple):
    """A key frame to visit, with the epoch, which persistent workers would not know otherwise.

    Attributes:
        position: Position in the split, counted from 0.
        epoch: Number of the epoch, counted from 0.
    """

    position: int
    epoch: int


def strided(count: int, stride: int, epoch: int) -> Ints:
    """Return every `stride`-th of `count` positions, starting one position later in each epoch.

    `stride` consecutive epochs visit all positions. Every epoch has the same number of positions; positions beyond the
    last one wrap around to the beginning.

    Args:
        count: Number of positions, at least 1.
        stride: Step from one position to the next, at least 1.
        epoch: Number of the epoch, counted from 0.

    Returns:
        int64 [ceil(count / stride)], positions 0 to count - 1.

    Examples:
        >>> strided(7, stride=3, epoch=0), strided(7, stride=3, epoch=1)
        (array([0, 3, 6]), array([1, 4, 0]))
    """
    steps = np.arange(-(-count // stride), dtype=np.int64) * stride
    return (steps + epoch % stride) % count


def balanced_draws(classes: list[Ints], count: int, strength: float, random: np.random.Generator) -> Ints:
    """Draw positions of key frames so that rare classes are oversampled.

    A class with n key frames gets a share of the draws proportional to n ** (1 - strength). Its draws are repeated
    random permutations of its key frames, so two key frames of a class differ by at most one draw.

    Args:
        classes: For each class int64 [n], the positions of its key frames; a position can be in several classes.
        count: Number of draws.
        strength: 1: the same number of draws for all classes; 0: in proportion to their key frames.
        random: Random generator.

    Returns:
        int64 [count], positions in random order; int64 [0] if no class has a key frame.

    Examples:
        Positions 0 to 89 are of one class and 90 to 99 of another; each gets half of the draws.

        >>> classes = [np.arange(90), np.arange(90, 100)]
        >>> drawn = balanced_draws(classes, count=40, strength=1.0, random=np.random.default_rng(0))
        >>> len(drawn), int((drawn >= 90).sum())
        (40, 20)
    """
    filled = [positions for positions in classes if len(positions)]
    if not filled:
        return np.zeros(0, dtype=np.int64)
    shares = np.array([len(positions) for positions in filled], dtype=np.float64) ** (1 - strength)
    exact = shares / shares.sum() * count
    draws = np.floor(exact).astype(np.int64)
    # the draws lost by rounding down go to the largest remainders, in random order among equal ones
    order = np.lexsort((random.random(len(draws)), draws - exact))
    draws[order[: count - draws.sum()]] += 1
    parts = []
    for positions, wanted in zip(filled, draws.tolist(), strict=True):
        rounds = -(-wanted // len(positions))
        parts.append(np.concatenate([np.zeros(0, np.int64), *(random.permutation(positions) for _ in range(rounds))]))
        parts[-1] = parts[-1][:wanted]
    return random.permutation(np.concatenate(parts))


class TrainSampler(DistributedSampler[Draw]):
    """The shuffled key frames of an epoch, divided among the processes of a run.

    It is a DistributedSampler, so Lightning does not replace it and calls `set_epoch`. As in DistributedSampler, the
    list is extended from its beginning until every process has the same number of entries; apart from that, every
    visited key frame occurs once (with `balanced`: as often as `balanced_draws` draws it).

    Attributes:
        start: An epoch, and how many samples of it all processes together have trained on: it begins after them, also
            with another number of processes.
    """

    start: tuple[int, int] = (0, 0)

    def __init__(
        self,
        key_frames: KeyFrames,
        seed: int = 0,
        stride: int = 1,
        balanced: float = 0.0,
        num_replicas: int = 1,
        rank: int = 0,
    ) -> None:
        """Store the arguments.

        Args:
            key_frames: The key frames of the split.
            seed: Seed of the order.
            stride: An epoch visits every n-th key frame; the next epoch visits others.
            balanced: 0 to 1, how strongly rare classes are oversampled, see `balanced_draws`; 0: not at all.
            num_replicas: Number of processes of the run.
            rank: Number of this process, counted from 0.

        Raises:
            ConfigError: `balanced` is outside 0..1, or `stride` below 1.
        """
        if not 0 <= balanced <= 1:
            raise ConfigError(f"dataset.balanced: expected false, true, or a number from 0 to 1, got {balanced}")
        if stride < 1:
            raise ConfigError(f"dataset.key_frame_stride: expected a whole number of at least 1, got {stride}")
        self.key_frames, self.stride, self.balanced = key_frames, stride, float(balanced)
        super().__init__(_Counted(-(-len(key_frames) // stride)), num_replicas, rank, shuffle=True, seed=seed)
        self._classes = key_frames.positions_of_classes() if balanced else []

    def epoch_positions(self) -> Ints:
        """Return int64 [n], the positions that all processes together visit in this epoch, in order, unpadded."""
        random = np.random.default_rng((self.seed, self.epoch))
        visited = strided(len(self.key_frames), self.stride, self.epoch)
        if not self.balanced:
            return random.permutation(visited)
        drawn = balanced_draws(self._classes, len(visited), self.balanced, random)
        return drawn if len(drawn) else random.permutation(visited)

    def __iter__(self) -> Iterator[Draw]:
        """Yield the draws of this process."""
        positions = np.resize(self.epoch_positions(), self.total_size)
        rest = positions[self.start[1] if self.start[0] == self.epoch else 0 :]
        rest = rest[: len(rest) // self.num_replicas * self.num_replicas]
        for position in rest[self.rank :: self.num_replicas].tolist():
            yield Draw(position, self.epoch)


class _Counted(Dataset[Array]):
    """A data set of which only the length is used: the number of entries of an epoch."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count
