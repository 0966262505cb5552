"""YOWOv3's rule for detections: every pair of point and class is a candidate of its own."""

from dataclasses import dataclass

from yowo.boxes.nms import nms_mask
from yowo.contracts import Detections, RawOutput
from yowo.models.postprocess import DetectionRule, best_only
from yowo.precision import in_full_precision


@dataclass(frozen=True)
class PairScores(DetectionRule):
    """YOWOv3's rule: pairs of box and class whose sigmoid is above the threshold, suppressed class by class.

    Boxes are not clipped to the picture.

    Attributes:
        exclusive_classes: Of the network; C means one-hot labels.
        score_threshold: Scores must be above it, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1.
        top_k: Most pairs of a clip before suppression; None takes all.
        max_detections: Most pairs of a clip after suppression; None keeps all.
        class_agnostic_nms: Whether boxes are reported with their best class only and suppress each other over all
            classes, so that a person has one box; one-hot only.
    """

    exclusive_classes: int
    score_threshold: float = 0.005
    nms_threshold: float = 0.5
    top_k: int | None = 30_000
    max_detections: int | None = 300
    class_agnostic_nms: bool = False

    @in_full_precision
    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip, best first."""
        scores, classes = raw["cls"].float().sigmoid(), raw["cls"].shape[-1]
        agnostic = self.class_agnostic_nms and self.exclusive_classes == classes
        scores = (best_only(scores) if agnostic else scores).flatten(1)
        height, width = raw["image_size"]
        boxes = raw["boxes"] / raw["boxes"].new_tensor([width, height, width, height])
        out = []
        for box, score in zip(boxes, scores, strict=True):
            entry = (score > self.score_threshold).nonzero().squeeze(1)
            values, order = score[entry].sort(descending=True, stable=True)
            entry = entry[order][: self.top_k]
            values, labels, found = values[: self.top_k], entry % classes, box[entry // classes]
            kept = (
                nms_mask(found, None if agnostic else labels, self.nms_threshold)
                .nonzero()
                .squeeze(1)[: self.max_detections]
            )
            out.append(Detections(boxes=found[kept], scores=values[kept], labels=labels[kept]))
        return out
