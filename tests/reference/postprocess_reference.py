"""The rules for detections as the package had them first, on tensors of the whole batch: to the last bit the same."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.reference.nms_rounds_reference import nms_mask, nms_rows
from yowo.boxes.class_logits import class_probabilities
from yowo.contracts import Detections, RawOutput


def _boxes_norm(raw: RawOutput, clipped: bool = True) -> Tensor:
    """Return the boxes [B, M, 4] as fractions of the picture, clipped to it if wanted."""
    height, width = raw["image_size"]
    boxes = raw["boxes"] / raw["boxes"].new_tensor([width, height, width, height])
    return boxes.clamp(0, 1) if clipped else boxes


def _confidence(raw: RawOutput, classes: Tensor) -> Tensor:
    """Return the confidence [B, M] of every box; without `conf` it is the largest of its class probabilities.

    Args:
        raw: The network's output.
        classes: float32 [B, M, C], its class probabilities.
    """
    return raw["conf"].float().squeeze(-1).sigmoid() if "conf" in raw else classes.amax(dim=2)


def _scores(raw: RawOutput, confidence: Tensor, classes: Tensor) -> Tensor:
    """Return the scores of classes [..., C], from the confidence [...] of their boxes; without `conf` unchanged."""
    return confidence[..., None] * classes if "conf" in raw else classes


def detect_one_hot(
    raw: RawOutput,
    score_threshold: float,
    nms_threshold: float,
    top_k: int | None = None,
    max_detections: int | None = None,
    class_agnostic: bool = False,
) -> list[Detections]:
    """Find detections for one-hot data sets (UCF101-24, JHMDB-21).

    score = sigmoid(conf) * softmax(class), without `conf` softmax(class). The (box, class) pairs whose score is above
    the threshold are suppressed class by class. The released YOWO-Plus looks at the 40 best pairs of each clip only
    (`top_k`), of all levels together; in a crowd, whose people are each seen by several boxes, that hides people.

    Args:
        raw: The network's output.
        score_threshold: Scores must be above it, 0..1.
        nms_threshold: IoU above which the box with the lower score of two boxes of a class is removed, 0..1.
        top_k: Number of (box, class) pairs taken from each clip before suppression; None takes all.
        max_detections: Most detections of a clip, after suppression; None keeps all.
        class_agnostic: Take each box with its best class only, and suppress over all classes at once.

    Returns:
        For each clip `boxes`, `scores` and `labels`, best score first.
    """
    count = raw["cls"].shape[-1]
    classes = class_probabilities(raw["cls"].float(), count)
    scores = raw["conf"].float().sigmoid() * classes if "conf" in raw else classes
    if top_k is None or class_agnostic:
        entries = _suppressed(_boxes_norm(raw), scores, score_threshold, nms_threshold, top_k, class_agnostic)
        found = zip(_boxes_norm(raw), scores, entries, strict=True)
        return [_best_first(b, s, e, max_detections) for b, s, e in found]
    scores, order = scores.flatten(1).sort(dim=1, descending=True, stable=True)
    scores, order = scores[:, :top_k], order[:, :top_k]
    labels = order % count
    rows = (order // count)[..., None].expand(-1, -1, 4)
    boxes = _boxes_norm(raw).gather(1, rows)
    kept = nms_mask(boxes, labels, nms_threshold, valid=scores > score_threshold)
    best = slice(max_detections)
    return [
        Detections(boxes=b[k][best], scores=s[k][best], labels=c[k][best])
        for b, s, c, k in zip(boxes, scores, labels, kept, strict=True)
    ]


def _suppressed(
    boxes: Tensor, scores: Tensor, score_threshold: float, nms_threshold: float, top_k: int | None, class_agnostic: bool
) -> Tensor:
    """Mark the (box, class) pairs that suppression keeps, bool [B, M, C], of any number of pairs in bounded memory.

    Args:
        boxes: float [B, M, 4].
        scores: float [B, M, C].
        score_threshold: See `detect_one_hot`.
        nms_threshold: See `detect_one_hot`.
        top_k: See `detect_one_hot`.
        class_agnostic: See `detect_one_hot`.
    """
    batch, count, classes = scores.shape
    best = (
        F.one_hot(scores.argmax(dim=2), classes).bool() if class_agnostic else torch.ones_like(scores, dtype=torch.bool)
    )
    valid = best & (scores > score_threshold)
    if top_k is not None:
        order = scores.masked_fill(~best, -1).flatten(1).argsort(dim=1, descending=True, stable=True)
        taken = torch.zeros_like(valid.flatten(1)).scatter(1, order[:, :top_k], True)
        valid &= taken.view_as(valid)
    ranked = scores.amax(dim=2)[:, None] if class_agnostic else scores.transpose(1, 2)  # [B, groups, M]
    taking_part = valid.any(dim=2)[:, None] if class_agnostic else valid.transpose(1, 2)
    order = ranked.argsort(dim=2, descending=True, stable=True)
    groups = order.shape[1]
    sorted_boxes = boxes[:, None].expand(-1, groups, -1, -1).gather(2, order[..., None].expand(-1, -1, -1, 4))
    sorted_valid = taking_part.gather(2, order)
    kept = nms_rows(sorted_boxes.flatten(0, 1), nms_threshold, sorted_valid.flatten(0, 1)).view(batch, groups, count)
    return valid & torch.zeros_like(kept).scatter(2, order, kept).transpose(1, 2)


def detect_multi_hot(
    raw: RawOutput,
    exclusive_classes: int,
    score_threshold: float,
    nms_threshold: float,
    clipped: bool = True,
    max_detections: int | None = None,
) -> list[Detections]:
    """Find detections for data sets where a person can have several classes (AVA), by the rule of both released codes.

    Boxes whose confidence is above the threshold are suppressed over all classes at once, in the order of confidence.

    Args:
        raw: The network's output.
        exclusive_classes: See `class_probabilities`.
        score_threshold: Confidences must be above it, 0..1.
        nms_threshold: IoU above which the less confident of two boxes is removed, 0..1.
        clipped: Whether boxes are clipped to the picture before suppression (YOWO-Plus) or not at all (YOWO).
        max_detections: Most boxes of a clip, after suppression; None keeps all.

    Returns:
        For each clip `boxes`, `scores` [N, C] (confidence x class probability, without `conf` the latter alone) and
        `confidence`, most confident first.
    """
    classes = class_probabilities(raw["cls"].float(), exclusive_classes)
    confidence, order = _confidence(raw, classes).sort(dim=1, descending=True, stable=True)
    boxes = _boxes_norm(raw, clipped).gather(1, order[..., None].expand(-1, -1, 4))
    classes = classes.gather(1, order[..., None].expand_as(classes))
    kept = nms_mask(boxes, None, nms_threshold, valid=confidence > score_threshold)
    best = slice(max_detections)
    return [
        Detections(boxes=b[k][best], scores=_scores(raw, c[k], p[k])[best], confidence=c[k][best])
        for b, c, p, k in zip(boxes, confidence, classes, kept, strict=True)
    ]


def detect_by_confidence(
    raw: RawOutput, score_threshold: float, nms_threshold: float, every_class: bool
) -> list[Detections]:
    """Find detections for one-hot data sets by the original YOWO's rule; boxes are not clipped to the picture.

    Boxes whose confidence times best class probability is above the threshold are suppressed over all classes at once,
    in the order of confidence alone.

    Args:
        raw: The network's output.
        score_threshold: The score of a box's best class must be above it, 0..1.
        nms_threshold: IoU above which the less confident of two boxes is removed, 0..1.
        every_class: Whether a box is reported with every class whose score is above the threshold, or with its best.

    Returns:
        For each clip `boxes`, `scores` (confidence x class probability, without `conf` the latter alone) and `labels`,
        best score first.
    """
    count = raw["cls"].shape[-1]
    classes = class_probabilities(raw["cls"].float(), count)
    confidence, order = _confidence(raw, classes).sort(dim=1, descending=True, stable=True)
    boxes = _boxes_norm(raw, clipped=False).gather(1, order[..., None].expand(-1, -1, 4))
    scores = _scores(raw, confidence, classes.gather(1, order[..., None].expand_as(classes)))
    entries = scores > score_threshold
    kept = nms_mask(boxes, None, nms_threshold, valid=entries.any(dim=2))
    if not every_class:
        entries = entries & F.one_hot(scores.argmax(dim=2), count).bool()
    return [_best_first(b, s, e & k[:, None]) for b, s, e, k in zip(boxes, scores, entries, kept, strict=True)]


def _best_first(boxes: Tensor, scores: Tensor, entries: Tensor, most: int | None = None) -> Detections:
    """Return the marked (box, class) pairs of a clip, best score first, from [M, 4], [M, C] and bool [M, C]."""
    row, label = entries.nonzero(as_tuple=True)
    score, order = scores[row, label].sort(descending=True, stable=True)
    score, order = score[:most], order[:most]
    return Detections(boxes=boxes[row[order]], scores=score, labels=label[order])


@dataclass(frozen=True)
class PostProcess:
    """YOWO-Plus's rule: `detect_one_hot` or `detect_multi_hot`, as the labels are.

    The defaults are those of the released evaluation.

    Attributes:
        exclusive_classes: Of the network; C means one-hot labels.
        score_threshold: Scores (one-hot) or confidences (multi-hot) above it are reported, 0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1.
        top_k: Number of (box, class) pairs taken from each clip before suppression, one-hot only; None takes all.
        max_detections: Most detections of a clip (one-hot: pairs, multi-hot: boxes) after suppression; None keeps all.
        class_agnostic_nms: Whether boxes are reported with their best class only and suppress each other over all
            classes, so that a person has one box; one-hot only, because multi-hot detections always do.
    """

    exclusive_classes: int
    score_threshold: float = 0.005
    nms_threshold: float = 0.5
    top_k: int | None = 40
    max_detections: int | None = None
    class_agnostic_nms: bool = False

    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip."""
        score, overlap, most = self.score_threshold, self.nms_threshold, self.max_detections
        if self.exclusive_classes == raw["cls"].shape[-1]:
            return detect_one_hot(raw, score, overlap, self.top_k, most, self.class_agnostic_nms)
        return detect_multi_hot(raw, self.exclusive_classes, score, overlap, max_detections=most)


@dataclass(frozen=True)
class ConfidenceOrder:
    """The original YOWO's rule: `detect_by_confidence` or `detect_multi_hot`, as the labels are.

    Attributes:
        exclusive_classes: Of the network; C means one-hot labels.
        score_threshold: Scores (one-hot: confidence x best class) or confidences (multi-hot) above it are reported,
            0..1.
        nms_threshold: IoU of non-maximum suppression, 0..1; None is the released code's, 0.4 (one-hot) or 0.5.
        every_class: Whether a box is reported with every class above the threshold, or with its best; one-hot only.
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
