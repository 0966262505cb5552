"""YOWOv3's rule for detections: every pair of point and class is a candidate of its own."""

from dataclasses import dataclass

from yowo.boxes.nms import nms_entries
from yowo.contracts import Detections, RawOutput
from yowo.models.postprocess import DetectionRule, as_array, best_pairs, reported
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
        height, width = raw["image_size"]
        boxes = raw["boxes"] / raw["boxes"].new_tensor([width, height, width, height])
        out = []
        for own, corners, values, table in zip(boxes, as_array(boxes), scores, as_array(scores), strict=True):
            pairs = best_pairs(table, self.score_threshold, self.top_k, agnostic)
            rows, labels = pairs // classes, pairs % classes
            kept = nms_entries(corners, rows, None if agnostic else labels, self.nms_threshold)[: self.max_detections]
            out.append(reported(own, values, rows[kept], labels[kept]))
        return out
