"""A linker for streams, `linker=online`; `yowo.tubes.tube_stream` describes the algorithm."""

import copy
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from typing_extensions import Self

from yowo.contracts import Tube
from yowo.errors import ConfigError
from yowo.tubes.linking import Linker, VideoDetections
from yowo.tubes.tube_stream import OnlineOptions, OnlineStream, TubeStep

__all__ = ["OnlineLinker", "OnlineStream", "TubeStep", "gather_tubes"]

LEAST_FRAMES = 2
"""Frames of the shortest action and of the longest gap where few frames are given."""
SPARSE_EVIDENCE = 0.55
"""Part of the evidence that decides where few frames are given: each of them stands for several."""


class OnlineLinker(Linker):
    """Links frame by frame in a stream; called on a whole video it gives the same tubes as the stream.

    Examples:
        >>> import numpy as np
        >>> stream = OnlineLinker(max_delay=3, min_frames=2).stream()
        >>> box, score, label = np.array([[10, 10, 50, 90]], np.float32), np.ones(1, np.float32), np.zeros(1, np.int64)
        >>> steps = []
        >>> for frame in range(8):
        ...     steps += stream.update(frame, box, score, label)
        >>> len(steps)  # frames 0 to 4 are final after frame 7
        5
        >>> (tube,) = gather_tubes([*steps, *stream.finish()])
        >>> tube.start, tube.boxes.shape
        (0, (8, 4))
    """

    def __init__(
        self,
        max_delay: int = 20,
        max_gap: int = 20,
        prior_score: float = 0.5,
        level_share: float = 0.45,
        level_window: float = 9.0,
        track_iou: float = 0.3,
        widening: float = 2.0,
        track_window: float = 2.0,
        track_stiffness: float = 1.0,
        score_weight: float = 0.5,
        strength_weight: float = 0.3,
        copy_iou: float = 0.5,
        block_iou: float = 0.3,
        double_iou: float = 0.5,
        start_cost: float = 1.0,
        patience: float = 1.0,
        miss_cost: float = 0.05,
        min_frames: int = 6,
        box_window: float = 2.5,
        extent_power: float = 0.6,
    ) -> None:
        """Store the parameters.

        Args:
            max_delay: Frames after which the result for a frame is final.
            max_gap: A track without a box for more frames than this is closed.
            prior_score: Lower bound of a class's highest mean score.
            level_share: A score above this share of the class's highest mean score so far is evidence for action.
            level_window: Time constant, in frames, of the running mean of a class's best scores.
            track_iou: A box can be matched to a track if their widened boxes overlap by more than this IoU.
            widening: Factor by which boxes are widened for that, in width and height.
            track_window: Standard deviation, in frames, of the Gaussian window that a track's box is estimated in.
            track_stiffness: Regularisation of a track's velocity towards 0.
            score_weight: Weight of a box's score, relative to its IoU, when boxes are matched to tracks.
            strength_weight: Weight of a track's strength (summed scores, at most 1) when boxes are matched to tracks.
            copy_iou: Boxes whose IoU with a track or its matched box is above this are duplicates of it.
            block_iou: Boxes whose IoU with an established track is above this do not start a new track.
            double_iou: Of two tracks whose IoU is above this the weaker is closed.
            start_cost: Summed evidence that an action must exceed to start.
            patience: An action continues while its evidence in the following frames sums to more than minus this.
            miss_cost: Evidence subtracted for a frame in which the class is detected but the track is not.
            min_frames: Shortest action in frames, at most `max_delay`.
            box_window: Standard deviation, in frames, of the Gaussian window that smooths the corners of tubes.
            extent_power: How strongly a tube's score rises with its length; 0: not at all.

        Raises:
            ConfigError: `max_delay` or `max_gap` is below 1, or `min_frames` is not in 1..max_delay.
        """
        if max_delay < 1 or max_gap < 1 or not 1 <= min_frames <= max_delay:
            raise ConfigError(
                f"linker: expected max_delay and max_gap of 1 or more and min_frames from 1 to max_delay, got "
                f"max_delay={max_delay}, max_gap={max_gap}, min_frames={min_frames}"
            )
        self.options = OnlineOptions(
            max_delay=max_delay,
            max_gap=max_gap,
            prior_score=prior_score,
            level_share=level_share,
            level_window=level_window,
            track_iou=track_iou,
            widening=widening,
            track_window=track_window,
            track_stiffness=track_stiffness,
            score_weight=score_weight,
            strength_weight=strength_weight,
            copy_iou=copy_iou,
            block_iou=block_iou,
            double_iou=double_iou,
            start_cost=start_cost,
            patience=patience,
            miss_cost=miss_cost,
            min_frames=min_frames,
            box_window=box_window,
            extent_power=extent_power,
        )

    def stream(self) -> OnlineStream:
        """Start a stream for one video."""
        return OnlineStream(self.options)

    def sampled(self, stride: int) -> Self:
        """Return the linker for a stream of which every `stride`-th frame is given, counted as if there were no others.

        What it says in frames becomes shorter, but a decision still looks at `min_frames` of the frames that are given;
        a part of the evidence (`SPARSE_EVIDENCE`) is enough for a start and for an end: two detections that are sure.

        Args:
            stride: At least 1.

        Examples:
            >>> options = OnlineLinker().sampled(5).options
            >>> options.max_delay, options.max_gap, options.min_frames
            (6, 4, 2)
        """
        if stride == 1:
            return self
        old, other = self.options, copy.copy(self)
        other.options = replace(
            old,
            max_delay=max(-(-old.max_delay // stride), old.min_frames),
            max_gap=max(-(-old.max_gap // stride), min(old.max_gap, LEAST_FRAMES)),
            min_frames=max(-(-old.min_frames // stride), min(old.min_frames, LEAST_FRAMES)),
            level_window=max(old.level_window / stride, min(old.level_window, LEAST_FRAMES)),
            start_cost=old.start_cost * SPARSE_EVIDENCE,
            patience=old.patience * SPARSE_EVIDENCE,
        )
        return other

    def __call__(self, detections: VideoDetections, num_classes: int) -> list[Tube]:
        """Link one video by running a stream over its frames; see `link_videos`."""
        stream = self.stream()
        bounds = np.searchsorted(detections.frames, np.arange(detections.num_frames + 1)).tolist()
        steps: list[TubeStep] = []
        for frame in range(detections.num_frames):
            rows = slice(bounds[frame], bounds[frame + 1])
            boxes, scores, labels = detections.boxes_xyxy[rows], detections.scores[rows], detections.labels[rows]
            steps += stream.update(frame, boxes, scores, labels)
        return gather_tubes([*steps, *stream.finish()])


def gather_tubes(steps: Iterable[TubeStep]) -> list[Tube]:
    """Join the steps of a whole stream into tubes.

    Args:
        steps: All steps, in the order in which the stream returned them.

    Returns:
        Tubes sorted by class and within a class by falling score; boxes float32 [T, 4] in pixels.
    """
    parts: dict[int, list[TubeStep]] = {}
    for step in steps:
        parts.setdefault(step.tube, []).append(step)
    tubes = [
        Tube(pieces[0].label, pieces[0].start, np.concatenate([p.boxes_xyxy for p in pieces]), pieces[-1].score)
        for pieces in parts.values()
    ]
    return sorted(tubes, key=lambda tube: (tube.label, -tube.score))
