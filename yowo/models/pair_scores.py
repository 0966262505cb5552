"""YOWOv3's rule for detections: every pair of point and class is a candidate of its own."""

from dataclasses import dataclass

import torch
from torch import Tensor

from yowo.boxes.nms import nms_entries
from yowo.contracts import Detections, RawOutput
from yowo.models.postprocess import DetectionRule, as_array, best_pairs, boxes_norm, by_rank
from yowo.precision import in_full_precision


@dataclass(frozen=True)
class PairScores(DetectionRule):
    """YOWOv3's rule: pairs of box and class whose sigmoid is above the threshold, suppressed class by class.

    Boxes are not clipped to the picture. With multi-hot labels a box is reported once, with the scores of its pairs
    that are left, and 0 for the other classes.

    Attributes:
        exclusive_classes: Of the network; C means one-hot labels.
        score_threshold: Scores must be above it, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1.
        top_k: Most pairs of a clip before suppression; None takes all.
        max_detections: Most pairs of a clip after suppression; None keeps all.
        class_agnostic_nms: Whether boxes suppress each other over all classes, in the order of their best scores, so
            that a person has one box: with its best class, or, with multi-hot labels, with all above the threshold.
    """

    confidence = "unused"
    exclusive_classes: int
    score_threshold: float = 0.005
    nms_threshold: float = 0.5
    top_k: int | None = 30_000
    max_detections: int | None = 300
    class_agnostic_nms: bool = False

    @in_full_precision
    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip, best first."""
        scores = raw["cls"].detach().float().sigmoid()
        boxes = boxes_norm(raw, clipped=False).detach()
        return [self._of_clip(box, score) for box, score in zip(boxes, scores, strict=True)]

    def _of_clip(self, boxes: Tensor, scores: Tensor) -> Detections:
        """Return the detections of boxes [M, 4] with scores [M, C]."""
        classes = scores.shape[1]
        pairs = best_pairs(as_array(scores), self.score_threshold, self.top_k, self.class_agnostic_nms)
        point, label = pairs // classes, pairs % classes
        kept = nms_entries(as_array(boxes), point, None if self.class_agnostic_nms else label, self.nms_threshold)
        point, label = point[kept[: self.max_detections]], label[kept[: self.max_detections]]
        row, column = torch.from_numpy(point).to(boxes.device), torch.from_numpy(label).to(boxes.device)
        if self.exclusive_classes == classes:
            return Detections(boxes=boxes[row], scores=scores[row, column], labels=column)
        used, places = by_rank(point)
        own = torch.from_numpy(used).to(boxes.device)
        table = scores[own] * (scores[own] > self.score_threshold)
        if not self.class_agnostic_nms:
            reported = torch.zeros_like(table, dtype=torch.bool)
            reported[torch.from_numpy(places).to(boxes.device), column] = True
            table = table * reported
        return Detections(boxes=boxes[own], scores=table, confidence=table.amax(dim=1))
