"""The tracks of a stream as arrays with one row per track: their boxes and scores in the last frames."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.tubes.smoothing import STIFFNESS

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
SURE_WEIGHT = 5.0
"""Summed scores at which a track has full strength, 1."""
REACH = 6
"""Frames further away than this many standard deviations of the window do not move a fitted box."""
PER_TRACK = (
    *("labels", "weights", "scores", "charged", "ages", "unseen", "closed", "tubes", "promised", "starts"),
    *("sums", "counts"),
)


PER_FRAME = ("corners", "weights", "scores", "charged")
"""The arrays that have an entry for each frame of the window."""


class TrackBank:
    """S tracks of all classes; arrays [S, W] have one column per frame of the last W, the newest frame last.

    Attributes:
        labels: int64 [S], class.
        corners: float64 [W, 4, S], x1 y1 x2 y2 in pixels in each frame, the newest last, valid where the track has a
            box. As in the other arrays with frames, tracks lie side by side in memory, because sums run over frames.
        weights: float64 [S, W], sum of the scores of the boxes that were averaged; 0 in a frame without a box.
        scores: float64 [S, W], score of the box that was matched to the track, 0..1.
        charged: bool [S, W], whether a missing box counts against the track: its class was detected in that frame.
        ages: int64 [S], frames since the track's first box.
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
        self._wide: dict[str, NDArray[Any]] = {}
        self._first = 0
        self.labels = np.zeros(0, np.int64)
        self.corners, self.weights = np.zeros((window, 4, 0)), np.zeros((0, window))
        self.scores, self.charged = np.zeros((0, window)), np.zeros((0, window), np.bool_)
        self.ages, self.unseen, self.closed = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_)
        self.tubes, self.promised = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.starts = np.zeros(0, np.int64)
        self.sums, self.counts = np.zeros(0), np.zeros(0, np.int64)

    def __len__(self) -> int:
        """Return S, the number of tracks."""
        return len(self.labels)

    def next_frame(self, present: Ints) -> None:
        """Shift all columns by one frame and clear the newest.

        Args:
            present: int64 [n], classes that are detected in the new frame, sorted.
        """
        self._shift()
        self.weights[:, -1] = self.scores[:, -1] = 0
        place = np.searchsorted(present, self.labels)
        self.charged[:, -1] = np.append(present, -1)[place] == self.labels
        self.ages += 1
        self.unseen += 1

    def _shift(self) -> None:
        """Shift the columns of all arrays, which are windows that move over wider ones."""
        window = len(self.steps)
        if not self._wide or self._first == window:
            self._first = 0
            for name in PER_FRAME:
                frames = self._by_frame(name)
                self._wide[name] = np.empty((2 * window, *frames.shape[1:]), frames.dtype)
                self._wide[name][:window] = frames
        self._first += 1
        for name, wide in self._wide.items():
            frames = wide[self._first : self._first + window]
            frames[-1] = frames[-2] if window > 1 else 0
            setattr(self, name, frames if name == "corners" else frames.T)

    def _by_frame(self, name: str) -> NDArray[Any]:
        frames: NDArray[Any] = getattr(self, name)
        return frames if name == "corners" else frames.T

    def keep(self, wanted: Flags) -> None:
        """Remove all tracks but the wanted ones.

        Args:
            wanted: bool [S].
        """
        if not wanted.all():
            for name in PER_TRACK:
                setattr(self, name, getattr(self, name)[wanted])
            self.corners = self.corners[:, :, wanted]
            self._wide = {}

    def see(self, tracks: Ints, boxes: Reals, weights: Reals, scores: Reals) -> None:
        """Set the boxes of some tracks in the newest frame.

        Args:
            tracks: int64 [n], rows of the tracks.
            boxes: float64 [n, 4], x1 y1 x2 y2 in pixels, averaged over duplicates.
            weights: float64 [n], sum of the averaged boxes' scores.
            scores: float64 [n], score of the matched box, 0..1.
        """
        self.corners[-1][:, tracks] = boxes.T
        self.weights[tracks, -1], self.scores[tracks, -1] = weights, scores
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
        self.corners = np.concatenate([self.corners, np.zeros((*self.corners.shape[:2], new))], axis=2)
        self._wide = {}
        self.labels[old:], self.tubes[old:], self.promised[old:] = labels, -1, -1
        self.see(np.arange(old, old + new), boxes, weights, scores)

    def fitted(self, tracks: Ints | slice, column: int, window: float, stiffness: float = STIFFNESS) -> Reals:
        """Smooth the boxes of tracks at one frame: fit a line to the corners, with Gaussian weights in time.

        If the nearest frame with a box is further away than `window`, the window is widened to that distance. Else
        frames further away than `REACH` times the window are left out; their weights are below 2e-8.

        Args:
            tracks: Rows of n tracks, int64 [n] or a slice.
            column: Column of the frame.
            window: Standard deviation of the Gaussian weights in frames.
            stiffness: Regularisation of the slope towards 0.

        Returns:
            float64 [n, 4], x1 y1 x2 y2 in pixels.
        """
        weights, steps = self.weights[tracks], self.steps - self.steps[column]
        distances = np.abs(steps)
        near = np.flatnonzero(distances <= REACH * window)
        part = slice(near[0], near[-1] + 1)
        corners = self.corners[part][:, :, tracks]
        with np.errstate(invalid="ignore"):  # tracks without a box in this part follow below
            smooth = _line(corners, weights[:, part], steps[part], window, stiffness)
        far = np.flatnonzero(~(weights[:, distances <= window] > 0).any(axis=1))
        if len(far):
            distance = np.where(weights[far] > 0, distances, np.inf).min(axis=1)
            width = np.maximum(window, np.where(np.isfinite(distance), distance, 0))
            corners = self.corners[:, :, tracks][:, :, far]
            smooth[far] = _line(corners, weights[far], steps, width[:, None], stiffness)
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
        boxes = self.fitted(seen if len(seen) < len(self) else slice(None), -1, column_window, stiffness)
        one, other = same_class(self.labels[seen], self.labels[seen], boxes, boxes)
        one, other = one[one < other], other[one < other]
        double = pair_iou(boxes[one], boxes[other]) > most_iou
        if not double.any():
            return
        one, other = one[double], other[double]
        rank = np.lexsort((self.scores[seen].sum(axis=1), self.tubes[seen] >= 0)).argsort()
        self.closed[seen[np.where(rank[one] < rank[other], one, other)]] = True


def _line(corners: Reals, weights: Reals, steps: Reals, width: float | Reals, stiffness: float) -> Reals:
    """Fit a line to corners over time and return it at step 0; see `TrackBank.fitted`.

    Args:
        corners: float64 [W, 4, n], pixels.
        weights: float64 [n, W].
        steps: float64 [W], frames from the one where the line is wanted.
        width: Standard deviation of the Gaussian weights in frames, one or float64 [n, 1].
        stiffness: Regularisation of the slope towards 0.

    Returns:
        float64 [n, 4], pixels.
    """
    bell = weights * np.exp(-0.5 * (steps / width) ** 2)
    s0, s1 = bell.sum(axis=1), bell @ steps
    s2 = bell @ steps**2 + stiffness * np.square(width).reshape(-1) * s0
    share = steps[:, None] * s1  # [W, n], as the corners are stored
    np.subtract(s2, share, out=share)
    share *= bell.T
    share /= s0 * s2 - s1 * s1
    smooth: Reals = np.einsum("wcn,wn->cn", corners, share).T
    return smooth


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
    return greedy_matches(gain[track, box], track, box)


def greedy_matches(gain: Reals, tracks: Ints, boxes: Ints) -> tuple[Ints, Ints]:
    """Match as `greedy_pairs`, from a list of the allowed pairs; ties go to the first pair.

    Args:
        gain: float64 [p], gain of each pair.
        tracks: int64 [p], track of each pair.
        boxes: int64 [p], box of each pair.

    Returns:
        int64 [n], tracks, and int64 [n], the box of each, best gain first.
    """
    order = np.argsort(-gain, kind="stable")
    tracks, boxes = tracks[order], boxes[order]
    kept = np.ones(len(order), np.bool_)
    seen, taken = set[int](), set[int]()
    rivals = (
        np.flatnonzero((np.bincount(tracks)[tracks] > 1) | (np.bincount(boxes)[boxes] > 1)) if len(order) else order
    )
    for place, one, other in zip(rivals.tolist(), tracks[rivals].tolist(), boxes[rivals].tolist(), strict=True):
        if one in seen or other in taken:
            kept[place] = False
        else:
            seen.add(one)
            taken.add(other)
    return tracks[kept], boxes[kept]


def same_class(first: Ints, second: Ints, boxes: Reals, other_boxes: Reals) -> tuple[Ints, Ints]:
    """List the pairs of one class whose boxes touch: all others have an IoU of 0 and need not be compared.

    Args:
        first: int64 [S], classes.
        second: int64 [N], classes.
        boxes: float64 [S, 4], x1 y1 x2 y2 in pixels.
        other_boxes: float64 [N, 4], as `boxes`.

    Returns:
        int64 [p], index in `first`, and int64 [p], index in `second`, of each pair, sorted by the one, then the other.

    Examples:
        >>> boxes = np.array([[0.0, 0, 4, 9], [0, 0, 4, 9], [3, 0, 7, 9]])
        >>> one, other = same_class(np.array([4, 7, 4]), np.array([7, 4, 4]), boxes, boxes + 3.5)
        >>> list(zip(one.tolist(), other.tolist()))
        [(0, 1), (1, 0), (2, 1), (2, 2)]
    """
    order = np.argsort(second, kind="stable")
    labels = second[order]
    begin, end = (np.searchsorted(labels, first, side) for side in ("left", "right"))
    counts = end - begin
    offsets = np.cumsum(counts) - counts
    one = np.repeat(np.arange(len(first)), counts)
    other = order[np.arange(len(one)) + (begin - offsets)[one]]
    edges = [np.ascontiguousarray(sides) for sides in (boxes[:, 0], boxes[:, 2], other_boxes[:, 0], other_boxes[:, 2])]
    touch = np.flatnonzero((edges[0][one] <= edges[3][other]) & (edges[2][other] <= edges[1][one]))
    return one[touch], other[touch]
