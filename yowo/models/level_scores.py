"""YOWOv2's rule for detections: the best of each level, suppressed together."""

from dataclasses import dataclass

import torch
from torch import Tensor

from yowo.boxes.nms import nms_mask
from yowo.contracts import Detections, RawOutput
from yowo.models.postprocess import DetectionRule, best_only
from yowo.precision import in_full_precision


@dataclass(frozen=True)
class LevelScores(DetectionRule):
    """YOWOv2's rule: the score of a class is the root of confidence times class probability, both sigmoids.

    One-hot labels: of each level the `top_k` best pairs of box and class, of these those above the threshold; levels
    joined, suppressed class by class. Multi-hot: of each level the `top_k` most confident boxes, of these those whose
    confidence is above the threshold; suppressed over all classes in the order of confidence. Boxes are clipped to the
    picture afterwards.

    Attributes:
        exclusive_classes: Of the network; C means one-hot labels.
        score_threshold: Scores (multi-hot: confidences) must be above it, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1.
        top_k: Taken from each level before suppression; None takes all.
        max_detections: Most detections of a clip after suppression; None keeps all.
        class_agnostic_nms: Whether boxes are reported with their best class only and suppress each other over all
            classes, so that a person has one box; one-hot only.
    """

    confidence = "needed"
    exclusive_classes: int
    score_threshold: float = 0.005
    nms_threshold: float = 0.5
    top_k: int | None = 40
    max_detections: int | None = None
    class_agnostic_nms: bool = False

    @in_full_precision
    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip, best first."""
        confidence, classes = raw["conf"].float().sigmoid(), raw["cls"].float().sigmoid()
        scores = (confidence * classes).sqrt()
        height, width = raw["image_size"]
        boxes = raw["boxes"] / raw["boxes"].new_tensor([width, height, width, height])
        sizes = [level.predictions for level in raw["levels"]]
        one_hot = self.exclusive_classes == scores.shape[-1]
        single = best_only(scores) if self.class_agnostic_nms else scores
        ranked = single if one_hot else confidence
        entries = self._best_of_levels(ranked, sizes)  # int64 [B, n], index into the flattened M x (C or 1)
        values = ranked.flatten(1).gather(1, entries)
        values, order = values.sort(dim=1, descending=True, stable=True)
        entries = entries.gather(1, order)
        rows = entries // ranked.shape[-1]
        found = boxes.gather(1, rows[..., None].expand(-1, -1, 4))
        labels = entries % ranked.shape[-1] if one_hot else None
        groups = None if self.class_agnostic_nms else labels
        kept = nms_mask(found, groups, self.nms_threshold, valid=values > self.score_threshold)
        most = slice(self.max_detections)
        if labels is not None:
            return [
                Detections(boxes=b[k][most].clamp(0, 1), scores=s[k][most], labels=c[k][most])
                for b, s, c, k in zip(found, values, labels, kept, strict=True)
            ]
        taken = scores.gather(1, rows[..., None].expand(-1, -1, scores.shape[-1]))
        return [
            Detections(boxes=b[k][most].clamp(0, 1), scores=s[k][most], confidence=c[k][most])
            for b, s, c, k in zip(found, taken, values, kept, strict=True)
        ]

    def _best_of_levels(self, ranked: Tensor, sizes: list[int]) -> Tensor:
        """Return int64 [B, n], the entries of [B, M, X], flattened, that each level gives; M is the sum of `sizes`."""
        if self.top_k is None:
            return torch.arange(ranked[0].numel(), device=ranked.device).expand(len(ranked), -1)
        width, start, taken = ranked.shape[-1], 0, []
        for part, size in zip(torch.split(ranked, sizes, dim=1), sizes, strict=True):
            order = part.flatten(1).argsort(dim=1, descending=True, stable=True)
            taken.append(order[:, : min(self.top_k, size)] + start * width)
            start += size
        return torch.cat(taken, dim=1)
