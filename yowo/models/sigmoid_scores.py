"""From raw output to detections for networks whose class logits are scores by themselves: a sigmoid each (YOWOF)."""

from dataclasses import dataclass

from torch import Tensor

from yowo.boxes.nms import nms_mask
from yowo.contracts import Detections, RawOutput
from yowo.models.postprocess import DetectionRule, best_only, boxes_norm
from yowo.precision import in_full_precision


@dataclass(frozen=True)
class SigmoidScores(DetectionRule):
    """YOWOF's rule: every class's sigmoid is its score.

    One-hot labels: the `top_k` best pairs of box and class of a clip, of these those above the threshold, suppressed
    class by class. Multi-hot labels: boxes whose best class is above the threshold, suppressed over all classes in the
    order of their best class. Boxes are clipped to the picture first.

    Attributes:
        exclusive_classes: Of the network; C means one-hot labels.
        score_threshold: Scores (multi-hot: the best of a box) must be above it, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1.
        top_k: Pairs of box and class taken from each clip before suppression, never more than it has boxes; one-hot
            only; None takes all.
        max_detections: Most detections of a clip after suppression; None keeps all.
        class_agnostic_nms: Whether boxes are reported with their best class only and suppress each other over all
            classes, so that a person has one box; one-hot only.
    """

    confidence = "unused"
    exclusive_classes: int
    score_threshold: float = 0.005
    nms_threshold: float = 0.5
    top_k: int | None = 50
    max_detections: int | None = None
    class_agnostic_nms: bool = False

    @in_full_precision
    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip, best first."""
        scores = raw["cls"].float().sigmoid()
        boxes = boxes_norm(raw)
        if self.exclusive_classes == scores.shape[-1]:
            return self._pairs(boxes, best_only(scores) if self.class_agnostic_nms else scores)
        best, order = scores.amax(dim=2).sort(dim=1, descending=True, stable=True)
        boxes = boxes.gather(1, order[..., None].expand(-1, -1, 4))
        scores = scores.gather(1, order[..., None].expand_as(scores))
        kept = nms_mask(boxes, None, self.nms_threshold, valid=best > self.score_threshold)
        most = slice(self.max_detections)
        return [
            Detections(boxes=b[k][most], scores=s[k][most], confidence=c[k][most])
            for b, s, c, k in zip(boxes, scores, best, kept, strict=True)
        ]

    def _pairs(self, boxes: Tensor, scores: Tensor) -> list[Detections]:
        """Detect pairs of box and class from [B, M, 4] and [B, M, C]."""
        classes = scores.shape[-1]
        found, order = scores.flatten(1).sort(dim=1, descending=True, stable=True)
        longest = int((found > self.score_threshold).sum(dim=1).max()) if len(found) else 0
        taken = slice(longest if self.top_k is None else min(self.top_k, boxes.shape[1], longest))
        found, order = found[:, taken], order[:, taken]
        labels, rows = order % classes, order // classes
        boxes = boxes.gather(1, rows[..., None].expand(-1, -1, 4))
        groups = None if self.class_agnostic_nms else labels
        kept = nms_mask(boxes, groups, self.nms_threshold, valid=found > self.score_threshold)
        most = slice(self.max_detections)
        return [
            Detections(boxes=b[k][most], scores=s[k][most], labels=c[k][most])
            for b, s, c, k in zip(boxes, found, labels, kept, strict=True)
        ]
