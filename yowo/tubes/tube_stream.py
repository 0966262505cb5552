"""Linking in a stream: tubes grow frame by frame, and the result for a frame is final after a bounded delay.

Every repeated detection is tracked, whether it acts or not. `max_delay` frames after a frame it is decided, from all
frames up to then, which tracks act in it and where their boxes are; this is never changed later. Memory depends on the
number of tracks, not on the length of tubes.

The evidence of a detection is its score less a level, which is a share of the class's highest mean score so far.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.errors import YowoError
from yowo.tubes.class_levels import ClassLevels
from yowo.tubes.duplicates import averaged, copies_of, group_copies
from yowo.tubes.fixed_lag import acting
from yowo.tubes.provisional import CurrentTube, acting_now
from yowo.tubes.track_bank import SURE_WEIGHT, TrackBank, greedy_matches, same_class, widened

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
NEVER = -100.0
"""Evidence of frames before the first box of a track."""
EXTENT_FRAMES = 20.0
"""Tube length in frames at which length / (length + this), the factor for extent, is one half."""
FOUNDED_WEIGHT = 2.0
"""Summed scores above which a track is established: no new track starts where it is."""


class TubeStep(NamedTuple):
    """An update of one tube: its newest boxes, or its end.

    Attributes:
        tube: Number of the tube in the stream.
        label: Class, counted from 0.
        start: Frame of the first of `boxes_xyxy`; if the tube has ended, the first frame after it.
        boxes_xyxy: float32 [n, 4], final boxes of n consecutive frames, x1 y1 x2 y2 in pixels; the tube's next step
            starts at frame `start` + n.
        score: Score of the tube so far.
        ended: Whether the tube has ended; this is then its last step, and it has no boxes.
    """

    tube: int
    label: int
    start: int
    boxes_xyxy: Floats
    score: float
    ended: bool


@dataclass(frozen=True, slots=True)
class OnlineOptions:
    """The parameters of `OnlineLinker`, which documents them."""

    max_delay: int
    max_gap: int
    prior_score: float
    level_share: float
    level_window: float
    track_iou: float
    widening: float
    track_window: float
    track_stiffness: float
    score_weight: float
    strength_weight: float
    copy_iou: float
    block_iou: float
    double_iou: float
    start_cost: float
    patience: float
    miss_cost: float
    min_frames: int
    box_window: float
    extent_power: float


class OnlineStream:
    """The state of one stream: call `update` for each frame, then `finish`."""

    def __init__(self, options: OnlineOptions) -> None:
        """Store the parameters and start without tracks."""
        self.options = options
        self.window = options.max_gap + options.max_delay + 1
        self.bank = TrackBank(self.window)
        self.levels = ClassLevels(options.level_window, options.prior_score)
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

        Raises:
            YowoError: The frame is not later than the previous one, the shapes of the arrays do not match, or a box or
                score is NaN or infinite.
        """
        boxes, values = np.asarray(boxes_xyxy, np.float64), np.asarray(scores, np.float64)
        classes = np.asarray(labels, np.int64)
        if boxes.shape != (len(values), 4) or classes.shape != values.shape or values.ndim != 1:
            raise YowoError(
                f"frame {frame}: expected boxes [N, 4], scores [N] and labels [N], got {boxes.shape}, {values.shape} "
                f"and {classes.shape}"
            )
        if not (np.isfinite(boxes).all() and np.isfinite(values).all()):
            raise YowoError(f"frame {frame}: expected finite boxes and scores, got NaN or infinity")
        if self.frame is not None and frame <= self.frame:
            raise YowoError(f"frame {frame}: expected a frame after {self.frame}; start a new stream for a new video")
        steps: list[TubeStep] = []
        while self.frame is not None and self.frame + 1 < frame and len(self.bank):
            steps += self._advance(self.frame + 1, boxes[:0], values[:0], classes[:0])
        return steps + self._advance(frame, boxes, values, classes)

    def current(self) -> list[CurrentTube]:
        """Return the tubes that pass through the newest frame as far as it is known now, for live sources.

        A track is shown if it acts in the newest frame under the best labelling of the frames that are not final yet.
        A new action is shown after `min_frames` frames, not `max_delay` later, where it is seen; a track that was not
        seen for more than `min_frames` frames is not shown. The number of a tube, once told, is kept by the final tube;
        numbers of tubes that were told and did not come about are not used again. Otherwise the final tubes do not
        depend on the calls.

        Returns:
            The tubes in the order of their tracks, oldest first.
        """
        bank, options = self.bank, self.options
        if not len(bank) or self.frame is None:
            return []
        columns = slice(self.window - options.max_delay, self.window)
        first = self.frame + 1 - options.max_delay
        active = bank.tubes >= 0
        held = np.where(active, np.maximum(bank.starts + options.min_frames - first, 0), 0)
        acts, begun = acting_now(
            self._evidence(columns), active, held, options.start_cost, options.patience, options.min_frames
        )
        told = active | (bank.promised >= 0)
        acts &= (bank.unseen <= np.where(told, options.min_frames, 0)) & ~bank.closed
        rows = np.flatnonzero(acts)
        if not len(rows):
            return []
        begun, going = begun[rows], begun[rows] < 0
        for row in rows[~going & (bank.promised[rows] < 0)].tolist():
            bank.promised[row], self.tubes = self.tubes, self.tubes + 1
        counted = (bank.weights[rows, columns] > 0) & (np.arange(options.max_delay) >= begun[:, None])
        sums = np.where(going, bank.sums[rows], 0) + np.where(counted, bank.scores[rows, columns], 0).sum(axis=1)
        counts = np.where(going, bank.counts[rows], 0) + counted.sum(axis=1)
        starts = np.where(going, bank.starts[rows], first + begun)
        numbers = np.where(going, bank.tubes[rows], bank.promised[rows])
        boxes = bank.fitted(rows, self.window - 1, options.box_window).astype(np.float32)
        scores = self._scores(sums, counts, self.frame + 1 - starts)
        found = zip(numbers.tolist(), bank.labels[rows].tolist(), starts.tolist(), boxes, scores, strict=True)
        return [CurrentTube(*tube) for tube in found]

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
        self.levels = ClassLevels(self.options.level_window, self.options.prior_score)
        return steps

    def _advance(self, frame: int, boxes: Reals, scores: Reals, labels: Ints) -> list[TubeStep]:
        bank, options = self.bank, self.options
        self.frame = frame
        order = np.argsort(labels, kind="stable")
        present, first = np.unique(labels[order], return_index=True)
        if len(present):
            self.levels.learn(present, np.maximum.reduceat(scores[order], first))
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

    def _find_again(self, boxes: Reals, scores: Reals, labels: Ints, left: Flags) -> None:
        """Match boxes to tracks and merge duplicates; clear matched, merged and blocked boxes in `left`, bool [N]."""
        bank, options = self.bank, self.options
        expected = bank.fitted(slice(None), -1, options.track_window, options.track_stiffness)
        wide, wide_boxes = widened(expected, options.widening), widened(boxes, options.widening)
        near_by = (wide, wide_boxes) if options.widening >= 1 else (expected, boxes)  # pairs with an IoU touch here
        track, box = same_class(bank.labels, labels, *near_by)
        track, box = track[~bank.closed[track]], box[~bank.closed[track]]
        loose = pair_iou(wide[track], wide_boxes[box])
        weights = bank.weights.sum(axis=1)
        strength = np.minimum(weights / SURE_WEIGHT, 1)
        gain = loose + options.score_weight * scores[box] + options.strength_weight * strength[track]
        near = loose > options.track_iou
        tracks, own = greedy_matches(gain[near], track[near], box[near])
        founded = weights > FOUNDED_WEIGHT
        close = founded[track]
        if options.widening >= 1:  # widening makes no IoU smaller
            close &= loose > options.block_iou
        track, box = track[close], box[close]
        blocked = box[pair_iou(expected[track], boxes[box]) > options.block_iou]
        if len(tracks):
            left[own] = False
            copies, owner = copies_of(expected[tracks], boxes, labels, own, np.flatnonzero(left), options.copy_iou)
            rows, owner = np.concatenate([own, copies]), np.concatenate([np.arange(len(own)), owner])
            mean, weight = averaged(boxes[rows], scores[rows], owner, len(own))
            bank.see(tracks, mean, weight, scores[own])
            left[copies] = False
        left[blocked] = False

    def _begin_tracks(self, boxes: Reals, scores: Reals, labels: Ints, left: Flags) -> None:
        """Start a track at each remaining box, best score first; boxes that overlap it are its duplicates."""
        rows = np.flatnonzero(left)
        owner, firsts = group_copies(boxes[rows], scores[rows], labels[rows], self.options.copy_iou)
        mean, weight = averaged(boxes[rows], scores[rows], owner, len(firsts))
        self.bank.add(labels[rows[firsts]], mean, weight, scores[rows[firsts]])

    def _decide(self, lag: int) -> list[TubeStep]:
        """Decide which tracks act in the frame `lag` frames before the newest, and fit their boxes there."""
        bank, options = self.bank, self.options
        if not len(bank) or self.frame is None:
            return []
        frame, column = self.frame - lag, self.window - 1 - lag
        seen = bank.weights[:, column:] > 0
        evidence = self._evidence(slice(column, self.window))
        active = bank.tubes >= 0
        held = active & (frame < bank.starts + options.min_frames)
        acts = acting(evidence, active, held, options.start_cost, options.patience, options.min_frames)
        acts &= held | seen.any(axis=1)
        steps = [self._ended(row, frame) for row in np.flatnonzero(active & ~acts).tolist()]
        for row in np.flatnonzero(acts & ~active).tolist():
            bank.tubes[row], bank.starts[row], bank.sums[row], bank.counts[row] = self._number(row), frame, 0.0, 0
        rows = np.flatnonzero(acts)
        if len(rows):
            bank.sums[rows] += bank.scores[rows, column]
            bank.counts[rows] += seen[rows, 0]
            every = len(rows) == len(bank)
            boxes = bank.fitted(slice(None) if every else rows, column, options.box_window).astype(np.float32)
            scores = self._scores(bank.sums[rows], bank.counts[rows], frame + 1 - bank.starts[rows])
            numbers, labels = bank.tubes[rows].tolist(), bank.labels[rows].tolist()
            frames, ended = [frame] * len(rows), [False] * len(rows)
            found = zip(numbers, labels, frames, boxes[:, None], scores, ended, strict=True)
            steps += [TubeStep(*step) for step in found]
        return steps

    def _evidence(self, columns: slice) -> Reals:
        """Return float64 [S, n], the evidence for action of all tracks in the frames of some columns."""
        bank, options = self.bank, self.options
        begun = np.where(bank.unseen < self.window, self.window - 1 - bank.ages, self.window)
        level = options.level_share * self.levels.of(bank.labels)
        evidence = np.subtract(bank.scores[:, columns], level[:, None])
        missed = np.where(bank.charged[:, columns], -options.miss_cost, 0.0)
        np.copyto(evidence, missed, where=bank.weights[:, columns] == 0)
        np.copyto(evidence, NEVER, where=np.arange(self.window)[columns] < begun[:, None])
        return evidence

    def _number(self, row: int) -> int:
        """Return the number of a track's new tube: the promised one, or the next."""
        promised = int(self.bank.promised[row])
        if promised >= 0:
            self.bank.promised[row] = -1
            return promised
        self.tubes += 1
        return self.tubes - 1

    def _ended(self, row: int, stop: int) -> TubeStep:
        bank = self.bank
        nothing = np.zeros((0, 4), np.float32)
        step = TubeStep(int(bank.tubes[row]), int(bank.labels[row]), stop, nothing, self._score(row, stop), True)
        bank.tubes[row] = -1
        return step

    def _score(self, row: int, stop: int) -> float:
        one = slice(row, row + 1)
        return self._scores(self.bank.sums[one], self.bank.counts[one], stop - self.bank.starts[one])[0]

    def _scores(self, sums: Reals, counts: Ints, lengths: Ints) -> list[float]:
        """Return the scores of tubes: the mean of their boxes' scores, lower for short tubes.

        Args:
            sums: float64 [n], sums of the scores.
            counts: int64 [n], number of the scores.
            lengths: int64 [n], number of frames.
        """
        power = self.options.extent_power
        means, frames = (sums / np.maximum(counts, 1)).tolist(), lengths.tolist()
        extents = {length: (length / (length + EXTENT_FRAMES)) ** power for length in set(frames)}
        return [mean * extents[length] for mean, length in zip(means, frames, strict=True)]
