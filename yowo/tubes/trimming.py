"""A linker that finds when an action happens: a tube can start and end at any frame; an actor who pauses has several.

It works on the same detections as the paper's linker, for each class of a video:

1. Level: the evidence of a box is its score less a share of the class's high scores in the video. No absolute scale of
   the scores is assumed.
2. Paths: the path with the greatest sum of evidence is found, and each of its boxes is labelled action or background.
   Boxes that overlap a stretch of action in its frames are duplicates of the same actor: they are averaged with it and
   removed. Then the next path is found.
3. Tubes: corners are smoothed over time and gaps are filled. A tube's score is its mean score times a factor that rises
   with its length.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yowo.boxes.array_iou import pair_iou
from yowo.contracts import Tube
from yowo.tubes.linking import Linker, VideoDetections, suppress
from yowo.tubes.smoothing import smooth_track
from yowo.tubes.subpaths import LinkCosts, SubpathFinder, split_path

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
HIGH_PERCENT = 95
"""Percentile of a class's scores in a video that stands for its high scores."""
EXTENT_FRAMES = 20.0
"""Tube length in frames at which length / (length + this), the factor for extent, is one half."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of one actor's action.

    Attributes:
        frames: int64 [n], frames with a box, sorted.
        boxes_xyxy: float64 [n, 4], boxes averaged over duplicates, pixels.
        weights: float64 [n], sum of the averaged boxes' scores.
        scores: float64 [n], scores of the path's own boxes, 0..1.
    """

    frames: Ints
    boxes_xyxy: Reals
    weights: Reals
    scores: Reals


class TrimmedLinker(Linker):
    """Links detections into tubes that start and end with the action; the module's docstring describes how."""

    def __init__(
        self,
        level_window: int = 9,
        level_share: float = 0.55,
        link_iou: float = 0.4,
        link_weight: float = 3.0,
        skip_cost: float = 0.1,
        reach: int = 4,
        max_gap: int = 60,
        least_evidence: float = 1.0,
        change_cost: float = 1.5,
        copy_iou: float = 0.5,
        max_parts: int | None = 8,
        min_frames: int = 5,
        box_window: float = 2.5,
        extent_power: float = 0.5,
        nms_threshold: float = 0.4,
    ) -> None:
        """Store the parameters.

        Args:
            level_window: Frames that a class's best scores are averaged over before the level is computed.
            level_share: The level between background and action, as a share of the class's high scores in the video.
            link_iou: A link between boxes of neighbouring frames with less IoU than this costs evidence.
            link_weight: Cost per unit of missing IoU.
            skip_cost: Cost of skipping a frame that has boxes of the class.
            reach: Most frames with boxes that a link spans.
            max_gap: Most frames of the video that a link spans.
            least_evidence: Least summed evidence of a path.
            change_cost: A path is split where its summed evidence drops by more than this.
            copy_iou: Boxes whose IoU with a path's box is above this are duplicates of the same actor.
            max_parts: Stop looking for paths once a class has this many stretches in a video; None: find all.
            min_frames: Shorter tubes are dropped.
            box_window: Standard deviation, in frames, of the Gaussian window that smooths corners.
            extent_power: How strongly a tube's score rises with its length; 0: not at all.
            nms_threshold: A tube is dropped if its tube IoU with a better one of its class is above this.
        """
        self.level_window, self.level_share = level_window, level_share
        self.costs = LinkCosts(link_iou, link_weight, skip_cost, reach, max_gap)
        self.least_evidence, self.change_cost = least_evidence, change_cost
        self.copy_iou, self.max_parts = copy_iou, max_parts
        self.min_frames, self.box_window = min_frames, box_window
        self.extent_power, self.nms_threshold = extent_power, nms_threshold

    def __call__(self, detections: VideoDetections, num_classes: int) -> list[Tube]:
        """Link one video; see `link_videos`."""
        tubes = []
        for label in np.unique(detections.labels).tolist():
            rows = np.flatnonzero(detections.labels == label)
            frames, scores = detections.frames[rows], detections.scores[rows].astype(np.float64)
            if len(np.unique(frames)) < self.min_frames:
                continue
            boxes = detections.boxes_xyxy[rows].astype(np.float64)
            tubes += self._tubes(label, self._stretches(frames, scores, boxes))
        return tubes

    def level(self, frames: Ints, scores: Reals) -> float:
        """Return the score that separates background and action.

        Args:
            frames: int64 [N], frame of each box of the class, sorted.
            scores: float64 [N], score of each box, 0..1.

        Returns:
            `level_share` times a high percentile of the frames' best scores, averaged over `level_window` frames.
        """
        from scipy.ndimage import uniform_filter1d

        _, starts = np.unique(frames, return_index=True)
        best = np.maximum.reduceat(scores, starts)
        smooth = uniform_filter1d(best, min(self.level_window, len(best)), mode="nearest")
        return self.level_share * float(np.percentile(smooth, HIGH_PERCENT))

    def _stretches(self, frames: Ints, scores: Reals, boxes: Reals) -> list[Stretch]:
        """Find the stretches of paths that are action, best path first."""
        finder = SubpathFinder(frames, boxes, self.costs)
        evidence = scores - self.level(frames, scores)
        stretches: list[Stretch] = []
        while self.max_parts is None or len(stretches) < self.max_parts:
            gains, path = finder.best(evidence)
            if not gains.sum() >= self.least_evidence:
                break
            for stretch in split_path(gains, self.change_cost):
                part, used = self._with_copies(path[stretch], frames, scores, boxes, np.isfinite(evidence))
                evidence[used] = -np.inf
                stretches.append(part)
            evidence[path] = -np.inf
        return stretches

    def _with_copies(
        self, path: Ints, frames: Ints, scores: Reals, boxes: Reals, left: NDArray[np.bool_]
    ) -> tuple[Stretch, Ints]:
        """Average each box of a stretch with its duplicates.

        Args:
            path: int64 [n], rows of the stretch.
            frames: int64 [N], frame of each box.
            scores: float64 [N], score of each box.
            boxes: float64 [N, 4], pixels.
            left: bool [N], boxes that are in no earlier path.

        Returns:
            The stretch, and int64 [m], the rows of its boxes and their duplicates.
        """
        own = frames[path]
        smooth = smooth_track(own - own[0], boxes[path], scores[path] + 1e-6, self.box_window)
        place = np.minimum(np.searchsorted(own, frames), len(own) - 1)
        near = left & (own[place] == frames)
        near[near] = pair_iou(boxes[near], smooth[frames[near] - own[0]]) > self.copy_iou
        near[path] = True
        used = np.flatnonzero(near)
        weight = scores[used] + 1e-6
        total: Reals = np.bincount(place[used], weight, len(own)).astype(np.float64)
        corners = [np.bincount(place[used], weight * boxes[used, side], len(own)) / total for side in range(4)]
        return Stretch(own, np.stack(corners, axis=1), total, scores[path]), used

    def _tubes(self, label: int, stretches: list[Stretch]) -> list[Tube]:
        """Make a smoothed tube with a score of each stretch, and drop those that overlap a better one."""
        tubes = []
        for part in stretches:
            start, length = int(part.frames[0]), int(part.frames[-1] - part.frames[0]) + 1
            if length < self.min_frames:
                continue
            boxes = smooth_track(part.frames - start, part.boxes_xyxy, part.weights, self.box_window)
            extent = (length / (length + EXTENT_FRAMES)) ** self.extent_power
            tubes.append(Tube(label, start, boxes.astype(np.float32), float(part.scores.mean() * extent)))
        scores = np.array([tube.score for tube in tubes], dtype=np.float32)
        return [tubes[place] for place in suppress(tubes, scores, self.nms_threshold)]
