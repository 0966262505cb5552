"""Frame-mAP as a torchmetrics Metric over `yowo.evaluation.frame_ap`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from yowo.errors import ConfigError
from yowo.evaluation.frame_ap import FrameAP, match_frames, score_matches
from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes
from yowo.evaluation.key_frame_metric import KeyFrameMetric, spread
from yowo.evaluation.split_index import snap
from yowo.evaluation.thresholds import checked_thresholds


class FrameMAP(KeyFrameMetric):
    """Frame-mAP over the frames of a split; see `yowo.evaluation.frame_ap` for its rules."""

    def __init__(
        self,
        classes: Sequence[str],
        iou_thresholds: Sequence[float] = (0.5,),
        round_boxes: bool = True,
        frames: str = "annotated",
        **metric_options: Any,
    ) -> None:
        """Hold the arguments.

        Args:
            classes: Names of the C classes, in the order of their 0-based numbers.
            iou_thresholds: Least IoU of a true positive, above 0 up to 1; a mean each.
            round_boxes: Round detections to whole pixels, as the published figures do.
            frames: "annotated": frames without ground truth are not looked at, as in YOWO's papers; "all": detections
                on them are wrong, as in ACT's and MOC's.
            metric_options: Passed on to `torchmetrics.Metric`, such as `compute_on_cpu`.

        Raises:
            ConfigError: No class, a class twice, an impossible threshold, or another word for `frames`.
        """
        super().__init__(classes, **metric_options)
        if frames not in ("annotated", "all"):
            raise ConfigError(f"frames: expected annotated or all, got {frames}")
        self.iou_thresholds = checked_thresholds(iou_thresholds)
        self.round_boxes = round_boxes
        self.counted_frames = frames
        self._scores: dict[str, FrameAP] = {}

    def compute(self) -> dict[str, Tensor]:
        """Compute the mean over classes at each threshold, over all processes.

        Returns:
            {"frame_map/0.5": scalar}, a fraction 0..1; NaN where there is no ground truth.
        """
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
        matches = match_frames(detections, truth, len(self.classes), self.round_boxes, looked_at)
        self._scores = {f"{threshold:g}": score_matches(matches, threshold) for threshold in self.iou_thresholds}
        return {f"frame_map/{threshold}": self._number(score.map) for threshold, score in self._scores.items()}

    def per_class(self) -> dict[str, dict[str, float]]:
        """Return the AP of each class at each threshold, from the state that `compute` uses.

        After `compute` it asks no other process; before it, all processes must call it.

        Returns:
            {"0.5": {class: fraction 0..1}}; NaN for a class without ground truth.
        """
        self.compute()
        return {
            threshold: dict(zip(self.classes, score.ap.tolist(), strict=True))
            for threshold, score in self._scores.items()
        }

    def report(self) -> dict[str, Any]:
        """Return `frame_map` and `frame_ap` of metrics.json, and which frames they are over."""
        by_class = self.per_class()
        means = {threshold: score.map for threshold, score in self._scores.items()}
        return {"frames": self.counted_frames, "frame_map": means, "frame_ap": by_class}
