"""Everything that is followed in a stream, as arrays with a row a track: where it was seen in the last frames."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.tubes.smoothing import STIFFNESS

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
SURE_WEIGHT = 5.0
"""A track whose sightings weigh this much is preferred to others as much as can be."""
PER_TRACK = ("labels", "boxes", "weights", "scores", "charged", "unseen", "closed", "tubes", "starts", "sums", "counts")


class TrackBank:
    """Tracks of all classes; the newest frame stands last in what has a column a frame.

    Attributes:
        labels: int64 [S], class.
        boxes: float64 [S, W, 4], pixels; of frames where the track was seen.
        weights: float64 [S, W], sum of the scores that a box was averaged over; 0: not seen.
        scores: float64 [S, W], score of the box itself.
        charged: bool [S, W], whether it could have been seen: the class was, in that frame.
        unseen: int64 [S], frames since it was seen.
        closed: bool [S], it is not looked for any more.
        tubes: int64 [S], number of the tube while it acts, else -1.
        starts: int64 [S], first frame of the tube.
        sums: float64 [S], sum of the scores over the tube.
        counts: int64 [S], number of these scores.
    """

    def __init__(self, window: int) -> None:
        """Begin without tracks.

        Args:
            window: W, frames that are remembered.
        """
        self.steps = np.arange(1 - window, 1, dtype=np.float64)
        self.labels = np.zeros(0, np.int64)
        self.boxes, self.weights = np.zeros((0, window, 4)), np.zeros((0, window))
        self.scores, self.charged = np.zeros((0, window)), np.zeros((0, window), np.bool_)
        self.unseen, self.closed = np.zeros(0, np.int64), np.zeros(0, np.bool_)
        self.tubes, self.starts = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.sums, self.counts = np.zeros(0), np.zeros(0, np.int64)

    def __len__(self) -> int:
        """Return S."""
        return len(self.labels)

    def next_frame(self, present: Ints) -> None:
        """Make room for a frame in which the classes `present` are seen."""
        for name in ("boxes", "weights", "scores", "charged"):
            columns = getattr(self, name)
            columns[:, :-1] = columns[:, 1:]
        self.weights[:, -1] = self.scores[:, -1] = 0
        self.charged[:, -1] = np.isin(self.labels, present)
        self.unseen += 1

    def keep(self, wanted: Flags) -> None:
        """Forget all tracks but the `wanted` ones, bool [S]."""
        if not wanted.all():
            for name in PER_TRACK:
                setattr(self, name, getattr(self, name)[wanted])

    def see(self, tracks: Ints, boxes: Reals, weights: Reals, scores: Reals) -> None:
        """Take in where some tracks are in the newest frame.

        Args:
            tracks: int64 [n].
            boxes: float64 [n, 4].
            weights: float64 [n].
            scores: float64 [n].
        """
        self.boxes[tracks, -1], self.weights[tracks, -1], self.scores[tracks, -1] = boxes, weights, scores
        self.charged[tracks, -1] = True
        self.unseen[tracks] = 0

    def add(self, labels: Ints, boxes: Reals, weights: Reals, scores: Reals) -> None:
        """Begin tracks in the newest frame; the arguments are as in `see`, and int64 [n] classes."""
        old, new = len(self), len(labels)
        for name in PER_TRACK:
            values = getattr(self, name)
            setattr(self, name, np.concatenate([values, np.zeros((new, *values.shape[1:]), values.dtype)]))
        self.labels[old:], self.tubes[old:] = labels, -1
        self.see(np.arange(old, old + new), boxes, weights, scores)

    def strength(self) -> Reals:
        """Return float64 [S], 0..1: how well founded each track is."""
        strength: Reals = np.minimum(self.weights.sum(axis=1) / SURE_WEIGHT, 1)
        return strength

    def fitted(self, tracks: Ints | slice, column: int, window: float, stiffness: float = STIFFNESS) -> Reals:
        """Smooth the boxes of tracks at one frame: a line through the corners, with Gaussian weights in time.

        Where a track was not seen for a while, the window is as wide as the way to the nearest sighting.

        Args:
            tracks: Rows.
            column: Place of the frame among the columns.
            window: Standard deviation of the weights, frames.
            stiffness: Pull of the slope towards none.

        Returns:
            float64 [n, 4], pixels.
        """
        weights, steps = self.weights[tracks], self.steps - self.steps[column]
        distance = np.where(weights > 0, np.abs(steps), np.inf).min(axis=1)
        width = np.maximum(window, np.where(np.isfinite(distance), distance, 0))[:, None]
        bell = weights * np.exp(-0.5 * (steps / width) ** 2)
        s0, s1 = bell.sum(axis=1), bell @ steps
        s2 = bell @ steps**2 + stiffness * width[:, 0] ** 2 * s0
        boxes = self.boxes[tracks]
        share = (s2[:, None] - s1[:, None] * steps) * bell / (s0 * s2 - s1 * s1)[:, None]
        smooth: Reals = np.einsum("sw,swc->sc", share, boxes)
        return smooth

    def close_doubles(self, column_window: float, stiffness: float, most_iou: float) -> None:
        """Close the weaker of two tracks of a class that are seen at the same place.

        Args:
            column_window: Smoothing window of the boxes that are compared.
            stiffness: As in `fitted`.
            most_iou: Greatest overlap that two tracks may have.
        """
        seen = np.flatnonzero((self.unseen == 0) & ~self.closed)
        if len(seen) < 2:
            return
        boxes = self.fitted(seen, -1, column_window, stiffness)
        same = self.labels[seen][:, None] == self.labels[seen]
        one, other = np.nonzero(np.triu(same & (pair_iou(boxes[:, None], boxes[None]) > most_iou), 1))
        rank = np.lexsort((self.scores[seen].sum(axis=1), self.tubes[seen] >= 0)).argsort()
        self.closed[seen[np.where(rank[one] < rank[other], one, other)]] = True


def widened(boxes_xyxy: Reals, times: float) -> Reals:
    """Return boxes, float64 [..., 4], that are so many times as wide and high about their centres."""
    low, high = boxes_xyxy[..., :2], boxes_xyxy[..., 2:]
    grown = (high - low) * (times - 1) / 2
    return np.concatenate([low - grown, high + grown], axis=-1)


def greedy_pairs(gain: Reals, allowed: Flags) -> tuple[Ints, Ints]:
    """Pair tracks and boxes, best gain first, each at most once; ties go to the first track, then the first box.

    Args:
        gain: float64 [S, N].
        allowed: bool [S, N].

    Returns:
        int64 [n] tracks and int64 [n] boxes.
    """
    track, box = np.nonzero(allowed)
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for place in np.argsort(-gain[track, box], kind="stable").tolist():
        one, other = int(track[place]), int(box[place])
        if one not in pairs and other not in taken:
            pairs[one] = other
            taken.add(other)
    return _ints(list(pairs)), _ints(list(pairs.values()))


def _ints(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64)
