"""AVA's mAP as a torchmetrics Metric, by the four named rules of `yowo.evaluation.ava_ap`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from yowo.contracts import Detections
from yowo.datasets.ava_annotation import AvaRows
from yowo.errors import ConfigError, YowoError
from yowo.evaluation.ava_files import write_ava_csv
from yowo.evaluation.ava_protocol import AvaScores, score_ava_rows
from yowo.evaluation.key_frame_metric import KeyFrameMetric, spread
from yowo.evaluation.key_frame_rows import BoxRows
from yowo.evaluation.score_details import ScoreDetails


class AvaSplitScores(NamedTuple):
    """The scores of a split and the detections that they are of.

    Attributes:
        scores: AP by rule.
        detections: One row per box and class, as in AVA's files.
    """

    scores: AvaScores
    detections: AvaRows


class AvaMAP(KeyFrameMetric[AvaSplitScores]):
    """AVA's mAP@0.5 over the key frames of a split; it keeps 16 bytes and C scores for each box.

    `attach` must be called before the figures are computed, because only the split knows the video and the timestamp of
    a key frame. Excluded timestamps are not in the split.
    """

    def __init__(
        self,
        classes: Sequence[str],
        evaluated: Sequence[int] | None = None,
        iou_threshold: float = 0.5,
        **metric_options: Any,
    ) -> None:
        """Store the arguments.

        Args:
            classes: Names of the C classes, in the order of their action ids, which count from 1.
            evaluated: Action ids that the mean is over; None takes all.
            iou_threshold: Least IoU of a true positive.
            metric_options: Passed on to `torchmetrics.Metric`, such as `compute_on_cpu`.

        Raises:
            ConfigError: There is no class, a class is listed twice, or an action id is not one of the classes.
        """
        super().__init__(classes, **metric_options)
        ids = range(1, len(classes) + 1) if evaluated is None else evaluated
        if not all(1 <= number <= len(classes) for number in ids):
            raise ConfigError(f"evaluated: expected action ids of 1 to {len(classes)}, got {list(ids)}")
        self.evaluated: Mapping[int, str] = {int(number): classes[number - 1] for number in ids}
        self.iou_threshold = iou_threshold

    def score(self) -> AvaSplitScores:
        """Compute AP by each rule.

        Raises:
            ConfigError: The split was not attached, or has no timestamps.
        """
        truth, detections = self._rows()
        scores = score_ava_rows(truth, detections, dict(self.evaluated), self.iou_threshold)
        return AvaSplitScores(scores, detections)

    def layout(self, scores: AvaSplitScores) -> dict[str, Any]:
        """Return `ava_map`, `ava_ap` and the scores of people of metrics.json."""
        every = scores.scores.metrics()
        return {name: value for name, value in every.items() if name != "protocol"}

    def save_detections(self, folder: Path) -> Path:
        """Write the detections as `detections.csv`, the file that `yowo score` reads."""
        path = folder / "detections.csv"
        write_ava_csv(path, self.scores.detections)
        return path

    def details(self) -> ScoreDetails:
        """Return the rankings."""
        return self.scores.scores.details()

    def _detected(self, detections: Detections, where: str) -> BoxRows:
        boxes, scores = detections["boxes"].float().reshape(-1, 4), detections["scores"].float()
        if scores.shape != (len(boxes), len(self.classes)):
            raise YowoError(
                f"{where}: expected scores of shape [{len(boxes)}, {len(self.classes)}], got {list(scores.shape)}"
            )
        if not bool(torch.isfinite(boxes).all() & torch.isfinite(scores).all()):
            raise YowoError(f"{where}: a detection has a NaN or infinite box or score; expected numbers")
        return BoxRows(boxes, torch.zeros(len(boxes), dtype=torch.int64, device=boxes.device), scores)

    def _empty_states(self) -> dict[str, Tensor]:
        states = super()._empty_states()
        states["detection_scores"] = torch.zeros((0, len(self.classes)), device=self.device, dtype=torch.float32)
        return states

    def _rows(self) -> tuple[AvaRows, AvaRows]:
        """Return ground truth and detections as in AVA's files, one row per box and class.

        Raises:
            ConfigError: The split was not attached, or has no timestamps.
        """
        if self.split is None or self.split.seconds is None:
            raise ConfigError("AvaMAP: attach a split with timestamps before computing")
        frames, kept, states = self._gathered()
        names = tuple(video.name for video in self.split.videos)
        position, counted, _ = spread(frames, frames[:, 3], kept)
        by_time = np.argsort(position, kind="stable")
        scores = states["detection_scores"][counted][by_time].astype(np.float64)
        given, label = np.nonzero(scores)  # of a box, the classes that it is reported with
        position = position[by_time][given]
        detections = AvaRows(
            videos=names,
            video=self.split.video[position],
            seconds=self.split.seconds[position],
            labels=label + 1,
            boxes_norm=states["detection_boxes"][counted][by_time][given].astype(np.float64),
            scores=scores[given, label],
        )
        position, counted, _ = spread(frames, frames[:, 4], kept)
        truth = AvaRows(
            videos=names,
            video=self.split.video[position],
            seconds=self.split.seconds[position],
            labels=states["target_labels"][counted] + 1,
            boxes_norm=states["target_boxes"][counted].astype(np.float64),
            scores=np.ones(len(position)),
        )
        return truth, detections
