"""Frame-mAP as a torchmetrics Metric over `yowo.evaluation.frame_ap`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from yowo.errors import ConfigError
from yowo.evaluation.frame_ap import FrameAP, counted_boxes, score_matches
from yowo.evaluation.frame_matching import LabelledBoxes, RankedMatches, ScoredBoxes, match_by_class
from yowo.evaluation.key_frame_metric import KeyFrameMetric, spread
from yowo.evaluation.people import PeopleScores, people_scores
from yowo.evaluation.score_details import ScoreDetails, frame_details
from yowo.evaluation.split_index import snap
from yowo.evaluation.thresholds import checked_thresholds


@dataclass(frozen=True, slots=True)
class FrameScores:
    """Frame AP and what it was computed from.

    Attributes:
        found: The detections that count, boxes in pixels.
        truth: All ground truth, boxes in pixels.
        matches: One for each class.
        by_threshold: Frame AP by the threshold's name, such as "0.5".
        people: How well people are found and their actions are right.
    """

    found: ScoredBoxes
    truth: LabelledBoxes
    matches: list[RankedMatches]
    by_threshold: dict[str, FrameAP]
    people: PeopleScores


class FrameMAP(KeyFrameMetric[FrameScores]):
    """Frame-mAP over the frames of a split; see `yowo.evaluation.frame_ap` for its rules.

    >>> import torch
    >>> metric = FrameMAP(["run", "jump"])
    >>> box = torch.tensor([[0.1, 0.1, 0.5, 0.9]])
    >>> detected = {"boxes": box, "scores": torch.tensor([0.8]), "labels": torch.tensor([0])}
    >>> annotated = {"boxes": box, "labels": torch.tensor([0])}
    >>> metric.update([0], [detected], [annotated], [(320, 240)])
    >>> metric.report()["frame_map"]
    {'0.5': 1.0}
    """

    def __init__(
        self,
        classes: Sequence[str],
        iou_thresholds: Sequence[float] = (0.5,),
        round_boxes: bool = True,
        frames: str = "annotated",
        **metric_options: Any,
    ) -> None:
        """Store the arguments.

        Args:
            classes: Names of the C classes, in the order of their 0-based numbers.
            iou_thresholds: Least IoU of a true positive, above 0 up to 1; there is one mean for each.
            round_boxes: Round detections to whole pixels, as the published figures do.
            frames: "annotated" ignores detections on frames without ground truth, as in YOWO's papers; "all" counts
                them as wrong, as in ACT's and MOC's papers.
            metric_options: Passed on to `torchmetrics.Metric`, such as `compute_on_cpu`.

        Raises:
            ConfigError: There is no class, a class is listed twice, or a threshold or `frames` is invalid.
        """
        super().__init__(classes, **metric_options)
        if frames not in ("annotated", "all"):
            raise ConfigError(f"frames: expected annotated or all, got {frames}")
        self.iou_thresholds = checked_thresholds(iou_thresholds)
        self.round_boxes = round_boxes
        self.counted_frames = frames

    def score(self) -> FrameScores:
        """Match the detections to the ground truth and compute frame AP at each threshold."""
        frames, kept, rows = self._gathered()
        frame, counted, scale = spread(frames, frames[:, 3], kept)
        detections = ScoredBoxes(
            frames=frame,
            labels=rows["detection_labels"][counted],
            boxes_xyxy=(rows["detection_boxes"][counted] * scale).astype(np.float64),
            scores=rows["detection_scores"][counted],
        )
        frame, counted, scale = spread(frames, frames[:, 4], kept)
        pixels = snap(rows["target_boxes"][counted] * scale.astype(np.float64))
        truth = LabelledBoxes(frame, rows["target_labels"][counted], pixels)
        looked_at = frames[kept, 0] if self.counted_frames == "all" else truth.frames
        found = counted_boxes(detections, truth, self.round_boxes, looked_at)
        matches = match_by_class(found, truth, len(self.classes))
        by_threshold = {f"{threshold:g}": score_matches(matches, threshold) for threshold in self.iou_thresholds}
        return FrameScores(found, truth, matches, by_threshold, people_scores(found, truth))

    def layout(self, scores: FrameScores) -> dict[str, Any]:
        """Return `frame_map` and `frame_ap` of metrics.json, which frames they are over, and the scores of people."""
        by_class = {
            threshold: dict(zip(self.classes, result.ap.tolist(), strict=True))
            for threshold, result in scores.by_threshold.items()
        }
        means = {threshold: result.map for threshold, result in scores.by_threshold.items()}
        return {"frames": self.counted_frames, "frame_map": means, "frame_ap": by_class, **scores.people.metrics()}

    def details(self) -> ScoreDetails:
        """Return the rankings and the kinds of errors."""
        return frame_details(self.classes, self.scores.matches, self.scores.found, self.scores.truth)
