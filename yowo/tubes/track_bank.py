"""The tracks of a stream as arrays with one row per track: their boxes and scores in the last frames."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.tubes.smoothing import STIFFNESS

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
SURE_WEIGHT = 5.0
"""Summed scores at which a track has full strength, 1."""
PER_TRACK = (
    *("labels", "boxes", "weights", "scores", "charged", "unseen", "closed", "tubes", "promised", "starts", "sums"),
    "counts",
)


class TrackBank:
    """S tracks of all classes; arrays [S, W] have one column per frame of the last W, the newest frame last.

    Attributes:
        labels: int64 [S], class.
        boxes: float64 [S, W, 4], x1 y1 x2 y2 in pixels; valid in frames where the track has a box.
        weights: float64 [S, W], sum of the scores of the boxes that were averaged; 0 in a frame without a box.
        scores: float64 [S, W], score of the box that was matched to the track, 0..1.
        charged: bool [S, W], whether a missing box counts against the track: its class was detected in that frame.
        unseen: int64 [S], frames since the track last had a box.
        closed: bool [S], whether the track no longer takes boxes.
        tubes: int64 [S], number of the track's tube while it acts, else -1.
        promised: int64 [S], number that the track's next tube will have, because it was told before; else -1.
        starts: int64 [S], first frame of the tube.
        sums: float64 [S], sum of the scores over the tube.
        counts: int64 [S], number of these scores.
    """

    def __init__(self, window: int) -> None:
        """Start without tracks.

        Args:
            window: W, the number of frames that are kept.
        """
        self.steps = np.arange(1 - window, 1, dtype=np.float64)
        self.labels = np.zeros(0, np.int64)
        self.boxes, self.weights = np.zeros((0, window, 4)), np.zeros((0, window))
        self.scores, self.charged = np.zeros((0, window)), np.zeros((0, window), np.bool_)
        self.unseen, self.closed = np.zeros(0, np.int64), np.zeros(0, np.bool_)
        self.tubes, self.promised = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.starts = np.zeros(0, np.int64)
        self.sums, self.counts = np.zeros(0), np.zeros(0, np.int64)

    def __len__(self) -> int:
        """Return S, the number of tracks."""
        return len(self.labels)

    def next_frame(self, present: Ints) -> None:
        """Shift all columns by one frame and clear the newest.

        Args:
            present: int64 [n], classes that are detected in the new frame.
        """
        for name in ("boxes", "weights", "scores", "charged"):
            columns = getattr(self, name)
            columns[:, :-1] = columns[:, 1:]
        self.weights[:, -1] = self.scores[:, -1] = 0
        self.charged[:, -1] = np.isin(self.labels, present)
        self.unseen += 1

    def keep(self, wanted: Flags) -> None:
        """Remove all tracks but the wanted ones.

        Args:
            wanted: bool [S].
        """
        if not wanted.all():
            for name in PER_TRACK:
                setattr(self, name, getattr(self, name)[wanted])

    def see(self, tracks: Ints, boxes: Reals, weights: Reals, scores: Reals) -> None:
        """Set the boxes of some tracks in the newest frame.

        Args:
            tracks: int64 [n], rows of the tracks.
            boxes: float64 [n, 4], x1 y1 x2 y2 in pixels, averaged over duplicates.
            weights: float64 [n], sum of the averaged boxes' scores.
            scores: float64 [n], score of the matched box, 0..1.
        """
        self.boxes[tracks, -1], self.weights[tracks, -1], self.scores[tracks, -1] = boxes, weights, scores
        self.charged[tracks, -1] = True
        self.unseen[tracks] = 0

    def add(self, labels: Ints, boxes: Reals, weights: Reals, scores: Reals) -> None:
        """Start tracks in the newest frame.

        Args:
            labels: int64 [n], class of each track.
            boxes: float64 [n, 4], as in `see`.
            weights: float64 [n], as in `see`.
            scores: float64 [n], as in `see`.
        """
        old, new = len(self), len(labels)
        for name in PER_TRACK:
            values = getattr(self, name)
            setattr(self, name, np.concatenate([values, np.zeros((new, *values.shape[1:]), values.dtype)]))
        self.labels[old:], self.tubes[old:], self.promised[old:] = labels, -1, -1
        self.see(np.arange(old, old + new), boxes, weights, scores)

    def strength(self) -> Reals:
        """Return the strength of each track: its summed scores divided by `SURE_WEIGHT`, at most 1; float64 [S]."""
        strength: Reals = np.minimum(self.weights.sum(axis=1) / SURE_WEIGHT, 1)
        return strength

    def fitted(self, tracks: Ints | slice, column: int, window: float, stiffness: float = STIFFNESS) -> Reals:
        """Smooth the boxes of tracks at one frame: fit a line to the corners, with Gaussian weights in time.

        If the nearest frame with a box is further away than `window`, the window is widened to that distance.

        Args:
            tracks: Rows of n tracks, int64 [n] or a slice.
            column: Column of the frame.
            window: Standard deviation of the Gaussian weights in frames.
            stiffness: Regularisation of the slope towards 0.

        Returns:
            float64 [n, 4], x1 y1 x2 y2 in pixels.
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
        """Close the weaker of two tracks of a class that overlap in the newest frame.

        Args:
            column_window: Smoothing window, in frames, of the boxes that are compared.
            stiffness: As in `fitted`.
            most_iou: Greatest IoU that two tracks of a class may have.
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
    """Scale boxes about their centres.

    Args:
        boxes_xyxy: float64 [..., 4], x1 y1 x2 y2 in pixels.
        times: Factor on width and height.

    Returns:
        float64 [..., 4], pixels.
    """
    low, high = boxes_xyxy[..., :2], boxes_xyxy[..., 2:]
    grown = (high - low) * (times - 1) / 2
    return np.concatenate([low - grown, high + grown], axis=-1)


def greedy_pairs(gain: Reals, allowed: Flags) -> tuple[Ints, Ints]:
    """Match tracks and boxes greedily, best gain first, each at most once; ties go to the first track, then first box.

    Args:
        gain: float64 [S, N], gain of matching track s and box n.
        allowed: bool [S, N], whether they may be matched.

    Returns:
        int64 [n], tracks, and int64 [n], the box of each.
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
