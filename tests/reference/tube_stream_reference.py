"""The online stream as the package had it first, which compares all tracks with all boxes: the same to the last bit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.tubes.smoothing import STIFFNESS
from yowo.tubes.tube_stream import EXTENT_FRAMES, FOUNDED_WEIGHT, NEVER, OnlineOptions, TubeStep

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
SURE_WEIGHT = 5.0
PER_TRACK = ("labels", "boxes", "weights", "scores", "charged", "unseen", "closed", "tubes", "starts", "sums", "counts")


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
        self.tubes, self.starts = np.zeros(0, np.int64), np.zeros(0, np.int64)
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
        self.labels[old:], self.tubes[old:] = labels, -1
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


def acting(evidence: Reals, active: Flags, held: Flags, start_cost: float, patience: float, min_frames: int) -> Flags:
    """Decide for each track whether it acts in the first frame of its row; earlier decisions are final.

    Finds the labelling of the known frames (action or background) with the highest total: an action frame adds its
    evidence, a background frame adds 0, and each start of an action costs `start_cost`. At most two action stretches
    are considered. An action that lasts until the last known frame gains `patience`, because it may continue.

    Args:
        evidence: float64 [S, n], scores less the level, of the frame to decide and the n - 1 frames after it, for S
            tracks; positive values mean action.
        active: bool [S], whether the track acted in the previous frame.
        held: bool [S], whether the track's action is too short to end yet.
        start_cost: Summed evidence that a new action must exceed.
        patience: Summed evidence added to an action that lasts until the last known frame.
        min_frames: A new action needs this many known frames and is scored over at least as many.

    Returns:
        bool [S], whether the track acts in the frame.
    """
    rows, known = evidence.shape
    sums = np.concatenate([np.zeros((rows, 1)), np.cumsum(evidence, axis=1)], axis=1)
    highest_later = np.maximum.accumulate(sums[:, ::-1], axis=1)[:, ::-1]
    from_here = highest_later[:, :-1] - sums[:, :-1]
    restarted = np.maximum.accumulate(from_here[:, ::-1], axis=1)[:, ::-1] - start_cost
    later = np.concatenate([np.maximum(restarted, 0), np.zeros((rows, 1))], axis=1)
    totals = sums + later
    pause = later[:, 1]
    stay = np.maximum(totals[:, 1:].max(axis=1), sums[:, -1] + patience)
    if known < min_frames:
        going_on: Flags = active & (held | (stay > pause))
        return going_on
    start = totals[:, min_frames:].max(axis=1) - start_cost
    decided: Flags = np.where(active, held | (stay > pause), start > pause)
    return decided


class OnlineStream:
    """The state of one stream: call `update` for each frame, then `finish`."""

    def __init__(self, options: OnlineOptions) -> None:
        """Store the parameters and start without tracks."""
        self.options = options
        self.window = options.max_gap + options.max_delay + 1
        self.bank = TrackBank(self.window)
        self.means: dict[int, float] = {}
        self.highest: dict[int, float] = {}
        self.frame: int | None = None
        self.tubes = 0

    def update(self, frame: int, boxes_xyxy: Floats, scores: Floats, labels: Ints) -> list[TubeStep]:
        """Process the detections of a frame; skipped frames count as frames without detections.

        Args:
            frame: Position of the frame; higher than in the previous call.
            boxes_xyxy: float32 [N, 4], x1 y1 x2 y2 in pixels.
            scores: float32 [N], 0..1.
            labels: int64 [N], class, counted from 0.

        Returns:
            What became final: the boxes of frame `frame - max_delay` (and of earlier ones if frames were skipped), and
            which tubes ended before it.
        """
        boxes, values = np.asarray(boxes_xyxy, np.float64), np.asarray(scores, np.float64)
        classes = np.asarray(labels, np.int64)
        steps: list[TubeStep] = []
        while self.frame is not None and self.frame + 1 < frame and len(self.bank):
            steps += self._advance(self.frame + 1, boxes[:0], values[:0], classes[:0])
        return steps + self._advance(frame, boxes, values, classes)

    def finish(self) -> list[TubeStep]:
        """Decide the last `max_delay` frames, end all tubes and forget all tracks.

        Returns:
            The remaining boxes and the end of each open tube. Later frames are linked as those of a new video.
        """
        steps: list[TubeStep] = []
        for lag in range(self.options.max_delay - 1, -1, -1):
            steps += self._decide(lag)
        last = 0 if self.frame is None else self.frame
        steps += [self._ended(int(row), last + 1) for row in np.flatnonzero(self.bank.tubes >= 0)]
        self.bank = TrackBank(self.window)
        self.means, self.highest = {}, {}
        return steps

    def _advance(self, frame: int, boxes: Reals, scores: Reals, labels: Ints) -> list[TubeStep]:
        bank, options = self.bank, self.options
        self.frame = frame
        present = np.unique(labels)
        for label in present.tolist():
            self._learn_level(label, float(scores[labels == label].max()))
        bank.next_frame(present)
        left = np.ones(len(scores), np.bool_)
        if len(bank) and len(scores):
            self._find_again(boxes, scores, labels, left)
        if left.any():
            self._begin_tracks(boxes, scores, labels, left)
        bank.close_doubles(options.track_window, options.track_stiffness, options.double_iou)
        steps = self._decide(options.max_delay)
        bank.closed |= bank.unseen > options.max_gap
        bank.keep((bank.unseen <= max(options.max_gap, options.max_delay)) | (bank.tubes >= 0))
        return steps

    def _learn_level(self, label: int, best: float) -> None:
        mean = self.means.get(label, 0.0)
        self.means[label] = mean = mean + (best - mean) / self.options.level_window
        self.highest[label] = max(self.highest.get(label, self.options.prior_score), mean)

    def _find_again(self, boxes: Reals, scores: Reals, labels: Ints, left: Flags) -> None:
        """Match boxes to tracks and merge duplicates; clear matched, merged and blocked boxes in `left`, bool [N]."""
        bank, options = self.bank, self.options
        expected = bank.fitted(slice(None), -1, options.track_window, options.track_stiffness)
        possible = (bank.labels[:, None] == labels) & ~bank.closed[:, None]
        tight = np.where(possible, pair_iou(expected[:, None], boxes[None]), 0)
        loose = pair_iou(widened(expected, options.widening)[:, None], widened(boxes, options.widening)[None])
        gain = loose + options.score_weight * scores + options.strength_weight * bank.strength()[:, None]
        tracks, own = greedy_pairs(gain, possible & (loose > options.track_iou))
        founded = bank.weights.sum(axis=1) > FOUNDED_WEIGHT
        blocked = (tight[founded] > options.block_iou).any(axis=0)
        if len(tracks):
            left[own] = False
            same = labels[own][:, None] == labels
            near = np.maximum(tight[tracks], np.where(same, pair_iou(boxes[own][:, None], boxes[None]), 0))
            copies = np.flatnonzero(left & (near.max(axis=0) > options.copy_iou))
            rows = np.concatenate([own, copies])
            owner = np.concatenate([np.arange(len(own)), near[:, copies].argmax(axis=0)])
            mean, weight = _averaged(boxes[rows], scores[rows], owner, len(own))
            bank.see(tracks, mean, weight, scores[own])
            left[copies] = False
        left &= ~blocked

    def _begin_tracks(self, boxes: Reals, scores: Reals, labels: Ints, left: Flags) -> None:
        """Start a track at each remaining box, best score first; boxes that overlap it are its duplicates."""
        owner, firsts = np.full(len(scores), -1), list[int]()
        near = (labels[:, None] == labels) & (pair_iou(boxes[:, None], boxes[None]) > self.options.copy_iou)
        for row in np.argsort(-scores, kind="stable").tolist():
            if left[row]:
                group = left & near[row]
                group[row] = True
                owner[group] = len(firsts)
                firsts.append(row)
                left &= ~group
        rows = np.flatnonzero(owner >= 0)
        mean, weight = _averaged(boxes[rows], scores[rows], owner[rows], len(firsts))
        self.bank.add(labels[firsts], mean, weight, scores[firsts])

    def _decide(self, lag: int) -> list[TubeStep]:
        """Decide which tracks act in the frame `lag` frames before the newest, and fit their boxes there."""
        bank, options = self.bank, self.options
        if not len(bank) or self.frame is None:
            return []
        frame, column = self.frame - lag, self.window - 1 - lag
        seen = bank.weights > 0
        known = np.maximum.accumulate(seen, axis=1)[:, column:]
        level = options.level_share * np.array([self.highest[label] for label in bank.labels.tolist()])
        missed = np.where(bank.charged[:, column:], -options.miss_cost, 0.0)
        evidence = np.where(seen[:, column:], bank.scores[:, column:] - level[:, None], missed)
        evidence = np.where(known, evidence, NEVER)
        active = bank.tubes >= 0
        held = active & (frame < bank.starts + options.min_frames)
        acts = acting(evidence, active, held, options.start_cost, options.patience, options.min_frames)
        acts &= held | seen[:, column:].any(axis=1)
        steps = [self._ended(row, frame) for row in np.flatnonzero(active & ~acts).tolist()]
        for row in np.flatnonzero(acts & ~active).tolist():
            bank.tubes[row], bank.starts[row], bank.sums[row], bank.counts[row] = self.tubes, frame, 0.0, 0
            self.tubes += 1
        rows = np.flatnonzero(acts)
        if len(rows):
            bank.sums[rows] += bank.scores[rows, column]
            bank.counts[rows] += seen[rows, column]
            boxes = bank.fitted(rows, column, options.box_window).astype(np.float32)
            steps += [
                TubeStep(
                    int(bank.tubes[row]), int(bank.labels[row]), frame, box[None], self._score(row, frame + 1), False
                )
                for row, box in zip(rows.tolist(), boxes, strict=True)
            ]
        return steps

    def _ended(self, row: int, stop: int) -> TubeStep:
        bank = self.bank
        nothing = np.zeros((0, 4), np.float32)
        step = TubeStep(int(bank.tubes[row]), int(bank.labels[row]), stop, nothing, self._score(row, stop), True)
        bank.tubes[row] = -1
        return step

    def _score(self, row: int, stop: int) -> float:
        length = stop - int(self.bank.starts[row])
        mean = self.bank.sums[row] / max(int(self.bank.counts[row]), 1)
        return float(mean * (length / (length + EXTENT_FRAMES)) ** self.options.extent_power)


def _averaged(boxes: Reals, scores: Reals, owner: Ints, count: int) -> tuple[Reals, Reals]:
    """Average the boxes of each track, weighted by score.

    Args:
        boxes: float64 [n, 4], pixels.
        scores: float64 [n], 0..1.
        owner: int64 [n], index of the track of each box.
        count: Number of tracks.

    Returns:
        float64 [count, 4], the boxes in pixels, and float64 [count], the summed scores.
    """
    weights = scores + 1e-6
    total: Reals = np.bincount(owner, weights, count).astype(np.float64)
    corners = [np.bincount(owner, weights * boxes[:, side], count) / total for side in range(4)]
    return np.stack(corners, axis=1), total
