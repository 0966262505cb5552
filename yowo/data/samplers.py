"""Which key frames an epoch of training visits, in which order, and which of them each process takes.

Everything is drawn from seed and epoch: not from the number of workers, nor from what other code draws. All processes
make the same list and take every n-th entry of it, so nothing has to be sent between them.
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
    """A key frame to visit. It knows its epoch, so that workers that live for many epochs know it too.

    Attributes:
        position: Place in the split.
        epoch: From 0.
    """

    position: int
    epoch: int


def strided(count: int, stride: int, epoch: int) -> Ints:
    """Return every `stride`-th of `count` positions, beginning one further in each epoch.

    `stride` epochs after each other visit all of them. The number is the same in every epoch, `count / stride` rounded
    up; where an epoch has one less, one position of its neighbour stands in.

    Args:
        count: Positions there are, at least 1.
        stride: At least 1.
        epoch: From 0.

    Returns:
        int64 [ceil(count / stride)].
    """
    steps = np.arange(-(-count // stride), dtype=np.int64) * stride
    return (steps + epoch % stride) % count


def balanced_draws(classes: list[Ints], count: int, strength: float, random: np.random.Generator) -> Ints:
    """Draw positions so that rare classes come up more often than they occur.

    A class with n key frames gets a share of the draws in proportion to n ** (1 - strength). Its draws go through its
    key frames in random order, again and again, so that no key frame of a class comes up twice more than another.

    Args:
        classes: int64 positions of the key frames of each class; a key frame may stand in several.
        count: Draws wanted.
        strength: 1: all classes alike; 0: as they occur.
        random: Source of chance.

    Returns:
        int64 [count], in random order; empty where no class has a key frame.
    """
    filled = [positions for positions in classes if len(positions)]
    if not filled:
        return np.zeros(0, dtype=np.int64)
    shares = np.array([len(positions) for positions in filled], dtype=np.float64) ** (1 - strength)
    exact = shares / shares.sum() * count
    draws = np.floor(exact).astype(np.int64)
    # what rounding down left goes to the largest remainders; chance decides between equal ones
    order = np.lexsort((random.random(len(draws)), draws - exact))
    draws[order[: count - draws.sum()]] += 1
    parts = []
    for positions, wanted in zip(filled, draws.tolist(), strict=True):
        rounds = -(-wanted // len(positions))
        parts.append(np.concatenate([np.zeros(0, np.int64), *(random.permutation(positions) for _ in range(rounds))]))
        parts[-1] = parts[-1][:wanted]
    return random.permutation(np.concatenate(parts))


class TrainSampler(DistributedSampler[Draw]):
    """The key frames of an epoch, shuffled, shared out among the processes of a run.

    Lightning keeps it as it is, because it is a DistributedSampler, and calls `set_epoch`. As there, the list is filled
    up from its beginning until every process has the same number of entries; apart from that, none is left out and
    none comes twice (with `balanced`: none beyond what balance asks for).
    """

    def __init__(
        self,
        key_frames: KeyFrames,
        seed: int = 0,
        stride: int = 1,
        balanced: float = 0.0,
        num_replicas: int = 1,
        rank: int = 0,
    ) -> None:
        """Hold the arguments.

        Args:
            key_frames: The split.
            seed: Of all draws.
            stride: An epoch visits every n-th key frame, other ones in the next epoch.
            balanced: 0 to 1, how far rare classes are raised, see `balanced_draws`; 0 visits key frames as they are.
            num_replicas: Processes of the run.
            rank: Number of this one, from 0.

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
        """Return the positions that all processes together visit in this epoch, in order, before filling up."""
        random = np.random.default_rng((self.seed, self.epoch))
        visited = strided(len(self.key_frames), self.stride, self.epoch)
        if not self.balanced:
            return random.permutation(visited)
        drawn = balanced_draws(self._classes, len(visited), self.balanced, random)
        return drawn if len(drawn) else random.permutation(visited)

    def __iter__(self) -> Iterator[Draw]:
        """Yield this process's share of the epoch."""
        positions = np.resize(self.epoch_positions(), self.total_size)
        for position in positions[self.rank :: self.num_replicas].tolist():
            yield Draw(position, self.epoch)


class _Counted(Dataset[Array]):
    """Stands for the entries of an epoch where only their number is asked for."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count
