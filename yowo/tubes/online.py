"""A linker for streams, `linker=online`; how it works is told in `yowo.tubes.tube_stream`."""

from collections.abc import Iterable

import numpy as np

from yowo.contracts import Tube
from yowo.errors import ConfigError
from yowo.tubes.linking import Linker, VideoDetections
from yowo.tubes.tube_stream import OnlineOptions, OnlineStream, TubeStep

__all__ = ["OnlineLinker", "OnlineStream", "TubeStep", "gather_tubes"]


class OnlineLinker(Linker):
    """Makes streams that link; a whole video gives the same tubes as its stream."""

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
        """Hold the parameters.

        Args:
            max_delay: Frames after which what is said about a frame is final.
            max_gap: A track that was not seen for more frames is not looked for any more.
            prior_score: The highest mean score of a class counts as at least this.
            level_share: Scores above this share of the class's highest mean score so far speak for action.
            level_window: Frames that the mean of a class's best scores goes back, about.
            track_iou: A box may belong to a track if the two, widened, overlap by more.
            widening: How many times as wide and high they are for that.
            track_window: Standard deviation, in frames, of the window that a track's place is estimated in.
            track_stiffness: Pull of a track's speed towards none.
            score_weight: How much a box's score counts beside its overlap when tracks and boxes are paired.
            strength_weight: Likewise, how well founded the track is.
            copy_iou: Boxes that overlap a track or its box by more are copies of it.
            block_iou: Boxes that overlap a well-founded track by more do not begin another.
            double_iou: The weaker of two tracks that overlap by more is given up.
            start_cost: Sum of evidence that an action must exceed to start.
            patience: An action goes on while its evidence in the frames ahead sums to more than minus this.
            miss_cost: Evidence lost in a frame where the class is seen but not the track.
            min_frames: Shortest action, at most `max_delay`.
            box_window: Standard deviation, in frames, of the window that the corners of tubes are smoothed in.
            extent_power: How much a tube's score rewards its extent; 0: not at all.

        Raises:
            ConfigError: The parameters are impossible.
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
        """Start a stream."""
        return OnlineStream(self.options)

    def __call__(self, detections: VideoDetections, num_classes: int) -> list[Tube]:
        """Run a stream over a whole video and gather its tubes; see `link_videos`."""
        stream = self.stream()
        bounds = np.searchsorted(detections.frames, np.arange(detections.num_frames + 1)).tolist()
        steps: list[TubeStep] = []
        for frame in range(detections.num_frames):
            rows = slice(bounds[frame], bounds[frame + 1])
            boxes, scores, labels = detections.boxes_xyxy[rows], detections.scores[rows], detections.labels[rows]
            steps += stream.update(frame, boxes, scores, labels)
        return gather_tubes([*steps, *stream.finish()])


def gather_tubes(steps: Iterable[TubeStep]) -> list[Tube]:
    """Put the steps of a whole stream together.

    Args:
        steps: In the order in which they came.

    Returns:
        Tubes by class, within a class best score first; boxes in pixels.
    """
    parts: dict[int, list[TubeStep]] = {}
    for step in steps:
        parts.setdefault(step.tube, []).append(step)
    tubes = [
        Tube(pieces[0].label, pieces[0].start, np.concatenate([p.boxes_xyxy for p in pieces]), pieces[-1].score)
        for pieces in parts.values()
    ]
    return sorted(tubes, key=lambda tube: (tube.label, -tube.score))
