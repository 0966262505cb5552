"""How sure a detector is of each class: what a score has to exceed depends on it."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


class ClassLevels:
    """The running mean of each class's best scores, and the highest that it has been.

    Attributes:
        labels: int64 [C], the classes that were seen, sorted.
        means: float64 [C], running means.
        highest: float64 [C], the highest means so far.
    """

    def __init__(self, window: float, prior: float) -> None:
        """Start without classes.

        Args:
            window: Time constant of the running means, in frames that have the class.
            prior: Lower bound of the highest means.
        """
        self._window, self._prior = window, prior
        self.labels = np.zeros(0, np.int64)
        self.means, self.highest = np.zeros(0), np.zeros(0)

    def learn(self, labels: Ints, best: Reals) -> None:
        """Take the best scores of a frame.

        Args:
            labels: int64 [n], the frame's classes, sorted, each once.
            best: float64 [n], the best score of each, 0..1.
        """
        new = np.setdiff1d(labels, self.labels, assume_unique=True)
        if len(new):
            places = np.searchsorted(self.labels, new)
            self.labels = np.insert(self.labels, places, new)
            self.means = np.insert(self.means, places, 0.0)
            self.highest = np.insert(self.highest, places, self._prior)
        places = np.searchsorted(self.labels, labels)
        self.means[places] += (best - self.means[places]) / self._window
        self.highest[places] = np.maximum(self.highest[places], self.means[places])

    def of(self, labels: Ints) -> Reals:
        """Return the highest means of some classes, float64 [n].

        Args:
            labels: int64 [n], classes that were seen.

        Examples:
            >>> levels = ClassLevels(window=2.0, prior=0.3)
            >>> levels.learn(np.array([4, 7]), np.array([0.8, 0.2]))
            >>> levels.of(np.array([7, 4, 4])).tolist()
            [0.3, 0.4, 0.4]
        """
        return self.highest[np.searchsorted(self.labels, labels)]
