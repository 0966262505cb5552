"""From the detector's raw output to detections: scores, thresholds, non-maximum suppression."""

from dataclasses import dataclass
from typing import cast

from torch import Tensor

from yowo.boxes.nms import nms_mask
from yowo.boxes.scores import class_probabilities
from yowo.contracts import Detections, RawOutput


def _boxes_norm(raw: RawOutput) -> Tensor:
    """Return the boxes [B, M, 4] as fractions of the picture, clipped to it."""
    height, width = raw["image_size"]
    return (raw["boxes"] / raw["boxes"].new_tensor([width, height, width, height])).clamp(0, 1)


def detect_one_hot(raw: RawOutput, score_threshold: float, nms_threshold: float, top_k: int) -> list[Detections]:
    """Detections where every person does one thing (UCF101-24, JHMDB-21), by the released YOWO-Plus rule.

    score = sigmoid(conf) * softmax(class); the `top_k` best (box, class) pairs of a clip, those above the threshold,
    suppression class by class.

    Args:
        raw: The detector's output.
        score_threshold: Scores must be above it, 0..1.
        nms_threshold: IoU above which the lower of two boxes of a class goes, 0..1.
        top_k: Pairs of box and class looked at, a clip.

    Returns:
        One `Detections` a clip with `boxes`, `scores` and `labels`, best score first.
    """
    conf, cls = raw["conf"].float(), raw["cls"].float()
    classes = cls.shape[-1]
    scores = (conf.sigmoid() * class_probabilities(cls, classes)).flatten(1)
    scores, order = scores.sort(dim=1, descending=True, stable=True)
    scores, order = scores[:, :top_k], order[:, :top_k]
    labels = order % classes
    rows = (order // classes)[..., None].expand(-1, -1, 4)
    boxes = _boxes_norm(raw).gather(1, rows)
    kept = nms_mask(boxes, labels, nms_threshold, valid=scores > score_threshold)
    return [
        Detections(boxes=b[k], scores=s[k], labels=c[k]) for b, s, c, k in zip(boxes, scores, labels, kept, strict=True)
    ]


def detect_multi_hot(
    raw: RawOutput, exclusive_classes: int, score_threshold: float, nms_threshold: float
) -> list[Detections]:
    """Detections where a person may do several things at once (AVA), by the released YOWO-Plus rule.

    Boxes whose confidence is above the threshold, suppression over all classes at once, by confidence.

    Args:
        raw: The detector's output.
        exclusive_classes: See `class_probabilities`.
        score_threshold: Confidences must be above it, 0..1.
        nms_threshold: IoU above which the less confident of two boxes goes, 0..1.

    Returns:
        One `Detections` a clip with `boxes`, `scores` [N, C] (confidence x class probability) and `confidence`.
    """
    confidence, order = raw["conf"].float().squeeze(-1).sigmoid().sort(dim=1, descending=True, stable=True)
    boxes = _boxes_norm(raw).gather(1, order[..., None].expand(-1, -1, 4))
    classes = class_probabilities(raw["cls"].float(), exclusive_classes)
    classes = classes.gather(1, order[..., None].expand_as(classes))
    kept = nms_mask(boxes, None, nms_threshold, valid=confidence > score_threshold)
    return [
        Detections(boxes=b[k], scores=c[k, None] * p[k], confidence=c[k])
        for b, c, p, k in zip(boxes, confidence, classes, kept, strict=True)
    ]


def to_cpu(found: Detections) -> Detections:
    """Bring the detections of a frame into the CPU's memory."""
    return cast(Detections, {name: cast(Tensor, value).cpu() for name, value in found.items()})


def above(found: Detections, threshold: float) -> Detections:
    """Keep the detections of a frame whose score (of several actions the best) is above a threshold."""
    scores = found["scores"]
    kept = (scores if scores.ndim == 1 else scores.amax(dim=1)) > threshold
    return cast(Detections, {name: cast(Tensor, value)[kept] for name, value in found.items()})


@dataclass(frozen=True)
class PostProcess:
    """Thresholds, and the rule that fits the labels.

    Attributes:
        exclusive_classes: Of the detector; equal to C means one-hot labels.
        score_threshold: Lowest score (one-hot) or confidence (multi-hot) that is reported, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1.
        top_k: Pairs of box and class looked at, a clip; one-hot only.
    """

    exclusive_classes: int
    score_threshold: float = 0.005
    nms_threshold: float = 0.5
    top_k: int = 40

    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip."""
        if self.exclusive_classes == raw["cls"].shape[-1]:
            return detect_one_hot(raw, self.score_threshold, self.nms_threshold, self.top_k)
        return detect_multi_hot(raw, self.exclusive_classes, self.score_threshold, self.nms_threshold)
