"""From the detector's raw output to detections: scores, thresholds, non-maximum suppression."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import torch.nn.functional as F
from torch import Tensor
from typing_extensions import Self

from yowo.boxes.class_logits import class_probabilities
from yowo.boxes.nms import nms_mask
from yowo.contracts import Detections, RawOutput


def _boxes_norm(raw: RawOutput, clipped: bool = True) -> Tensor:
    """Return the boxes [B, M, 4] as fractions of the picture, clipped to it if wanted."""
    height, width = raw["image_size"]
    boxes = raw["boxes"] / raw["boxes"].new_tensor([width, height, width, height])
    return boxes.clamp(0, 1) if clipped else boxes


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
    raw: RawOutput, exclusive_classes: int, score_threshold: float, nms_threshold: float, clipped: bool = True
) -> list[Detections]:
    """Detections where a person may do several things at once (AVA), by the rule of both released codes.

    Boxes whose confidence is above the threshold, suppression over all classes at once, by confidence.

    Args:
        raw: The detector's output.
        exclusive_classes: See `class_probabilities`.
        score_threshold: Confidences must be above it, 0..1.
        nms_threshold: IoU above which the less confident of two boxes goes, 0..1.
        clipped: Clip boxes to the picture before suppression (YOWO-Plus) or not at all (YOWO).

    Returns:
        One `Detections` a clip with `boxes`, `scores` [N, C] (confidence x class probability) and `confidence`.
    """
    confidence, order = raw["conf"].float().squeeze(-1).sigmoid().sort(dim=1, descending=True, stable=True)
    boxes = _boxes_norm(raw, clipped).gather(1, order[..., None].expand(-1, -1, 4))
    classes = class_probabilities(raw["cls"].float(), exclusive_classes)
    classes = classes.gather(1, order[..., None].expand_as(classes))
    kept = nms_mask(boxes, None, nms_threshold, valid=confidence > score_threshold)
    return [
        Detections(boxes=b[k], scores=c[k, None] * p[k], confidence=c[k])
        for b, c, p, k in zip(boxes, confidence, classes, kept, strict=True)
    ]


def detect_by_confidence(
    raw: RawOutput, score_threshold: float, nms_threshold: float, every_class: bool
) -> list[Detections]:
    """Detections where every person does one thing, by the original YOWO's rule; boxes are not clipped.

    Boxes whose confidence times best class probability is above the threshold; suppression over all classes at once,
    in the order of confidence alone.

    Args:
        raw: The detector's output.
        score_threshold: The score of a box's best class must be above it, 0..1.
        nms_threshold: IoU above which the less confident of two boxes goes, 0..1.
        every_class: Whether a box stands once for each class whose score is above the threshold, or for its best.

    Returns:
        One `Detections` a clip with `boxes`, `scores` (confidence x class probability) and `labels`, best score first.
    """
    confidence, order = raw["conf"].float().squeeze(-1).sigmoid().sort(dim=1, descending=True, stable=True)
    boxes = _boxes_norm(raw, clipped=False).gather(1, order[..., None].expand(-1, -1, 4))
    cls = raw["cls"].float()
    scores = confidence[..., None] * class_probabilities(cls, cls.shape[-1]).gather(1, order[..., None].expand_as(cls))
    entries = scores > score_threshold
    kept = nms_mask(boxes, None, nms_threshold, valid=entries.any(dim=2))
    if not every_class:
        entries = entries & F.one_hot(scores.argmax(dim=2), cls.shape[-1]).bool()
    return [_best_first(b, s, e & k[:, None]) for b, s, e, k in zip(boxes, scores, entries, kept, strict=True)]


def _best_first(boxes: Tensor, scores: Tensor, entries: Tensor) -> Detections:
    """Gather the marked (box, class) pairs [M, C] of a clip, best score first."""
    row, label = entries.nonzero(as_tuple=True)
    score, order = scores[row, label].sort(descending=True, stable=True)
    return Detections(boxes=boxes[row[order]], scores=score, labels=label[order])


def to_cpu(found: Detections) -> Detections:
    """Bring the detections of a frame into the CPU's memory."""
    return cast(Detections, {name: cast(Tensor, value).cpu() for name, value in found.items()})


def above(found: Detections, threshold: float) -> Detections:
    """Keep the detections of a frame whose score (of several actions the best) is above a threshold."""
    scores = found["scores"]
    kept = (scores if scores.ndim == 1 else scores.amax(dim=1)) > threshold
    return cast(Detections, {name: cast(Tensor, value)[kept] for name, value in found.items()})


class DetectionRule(ABC):
    """What makes detections of a detector's raw output: a dataclass, whose fields are its thresholds."""

    @abstractmethod
    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip."""

    def with_options(self, **options: Any) -> Self:
        """Return the rule with other thresholds.

        Args:
            options: New values by name; None, and what this kind of rule has not, is passed over.
        """
        known = {field.name for field in fields(self)}  # type: ignore[arg-type]
        new = {name: value for name, value in options.items() if value is not None and name in known}
        return replace(self, **new)  # type: ignore[type-var]


@dataclass(frozen=True)
class PostProcess(DetectionRule):
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


@dataclass(frozen=True)
class ConfidenceOrder(DetectionRule):
    """The original YOWO's thresholds, and the rule that fits the labels.

    Attributes:
        exclusive_classes: Of the detector; equal to C means one-hot labels.
        score_threshold: Lowest score (one-hot: confidence x best class) or confidence (multi-hot) reported, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1; None is the released code's, 0.4 (one-hot) or 0.5.
        every_class: Report a box once for each class above the threshold, or once for its best; one-hot only.
    """

    exclusive_classes: int
    score_threshold: float = 0.005
    nms_threshold: float | None = None
    every_class: bool = True

    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip."""
        one_hot = self.exclusive_classes == raw["cls"].shape[-1]
        limit = (0.4 if one_hot else 0.5) if self.nms_threshold is None else self.nms_threshold
        if one_hot:
            return detect_by_confidence(raw, self.score_threshold, limit, self.every_class)
        return detect_multi_hot(raw, self.exclusive_classes, self.score_threshold, limit, clipped=False)
