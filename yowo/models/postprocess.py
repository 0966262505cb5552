"""From a network's raw output to detections: scores, thresholds, non-maximum suppression.

A network without `conf` (see `RawOutput`) is scored by its class probabilities alone: where a rule below orders boxes
by confidence, or compares the confidence with a threshold, it uses the largest class probability of the box instead.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import Self

from yowo.boxes.class_logits import class_probabilities
from yowo.boxes.nms import nms_entries, nms_mask
from yowo.contracts import Detections, RawOutput
from yowo.precision import in_full_precision, widened

Ints = NDArray[np.int64]
Reals = NDArray[np.float32]


def boxes_norm(raw: RawOutput, clipped: bool = True) -> Tensor:
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
    boxes, found = boxes_norm(raw), []
    for own, corners, values, table in zip(boxes, as_array(boxes), scores, as_array(scores), strict=True):
        pairs = best_pairs(table, score_threshold, top_k, class_agnostic)
        rows, labels = pairs // count, pairs % count
        if class_agnostic:
            kept = nms_entries(corners[rows], None, None, nms_threshold)
        else:
            kept = nms_entries(corners, rows, labels, nms_threshold)
        found.append(reported(own, values, rows[kept[:max_detections]], labels[kept[:max_detections]]))
    return found


def best_pairs(scores: Reals, threshold: float, top_k: int | None, one_class: bool) -> Ints:
    """Return the (box, class) pairs with the best scores above a threshold, best first; of equal ones the first first.

    Args:
        scores: float32 [M, C].
        threshold: Scores must be above it.
        top_k: Most pairs; None takes all.
        one_class: Take each box with its best class only.

    Returns:
        int64 [n], box x C + class.
    """
    flat = scores.reshape(-1)
    if one_class:
        pairs = np.arange(0, flat.size, scores.shape[1]) + scores.argmax(axis=1)
        pairs = pairs[flat[pairs] > np.float32(threshold)]
    else:
        pairs = np.flatnonzero(flat > np.float32(threshold))
    if top_k is not None and 0 < top_k < len(pairs):
        least = np.partition(flat[pairs], len(pairs) - top_k)[len(pairs) - top_k]
        pairs = pairs[flat[pairs] >= least]
    best: Ints = pairs[_falling(flat[pairs])[:top_k]]
    return best


def _falling(values: Reals) -> Ints:
    """Return int64 [n], the order of falling values, of equal ones the first first, as in a stable sort of tensors."""
    return np.argsort(-values, kind="stable")


def by_rank(rows: Ints) -> tuple[Ints, Ints]:
    """Return the different rows as they occur first, int64 [m], and for each entry its place among them, int64 [n]."""
    used, first, places = np.unique(rows, return_index=True, return_inverse=True)
    rank = np.argsort(first)
    place = np.empty_like(rank)
    place[rank] = np.arange(len(rank))
    return used[rank], place[places.reshape(-1)]


def as_array(values: Tensor) -> Reals:
    """Return a tensor as an array on the CPU; half precision as float32."""
    array: Reals = widened(values.detach()).cpu().numpy()
    return array


def _index(rows: Ints, values: Tensor) -> Tensor:
    """Return an array of indices as a tensor on the device of other values."""
    return torch.from_numpy(rows).to(values.device)


def reported(boxes: Tensor, scores: Tensor, rows: Ints, labels: Ints) -> Detections:
    """Return (box, class) pairs of a clip, int64 [n] each, with their boxes of [M, 4] and scores of [M, C]."""
    row, label = _index(rows, scores), _index(labels, scores)
    return Detections(boxes=boxes[row], scores=scores[row, label], labels=label)


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
    boxes, confidence, found = boxes_norm(raw, clipped), _confidence(raw, classes), []
    for clip, (corners, values) in enumerate(zip(as_array(boxes), as_array(confidence), strict=True)):
        rows = np.flatnonzero(values > np.float32(score_threshold))
        rows = rows[_falling(values[rows])]
        kept = nms_entries(corners[rows], None, None, nms_threshold)
        row = _index(rows[kept[:max_detections]], boxes)
        sure = confidence[clip][row]
        scores = _scores(raw, sure, classes[clip][row])
        found.append(Detections(boxes=boxes[clip][row], scores=scores, confidence=sure))
    return found


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
    confidence = _confidence(raw, classes)
    scores = _scores(raw, confidence, classes)
    boxes, found = boxes_norm(raw, clipped=False), []
    arrays = zip(as_array(boxes), as_array(confidence), as_array(scores), strict=True)
    for clip, (corners, values, table) in enumerate(arrays):
        rows = np.flatnonzero((table > np.float32(score_threshold)).any(axis=1))
        rows = rows[_falling(values[rows])]
        rows = rows[nms_entries(corners[rows], None, None, nms_threshold)]
        taken = table[rows] > np.float32(score_threshold)
        if not every_class:
            taken &= np.arange(count) == table[rows].argmax(axis=1)[:, None]
        place, label = np.nonzero(taken)
        order = _falling(table[rows[place], label])
        found.append(reported(boxes[clip], scores[clip], rows[place][order], label[order]))
    return found


def to_cpu(found: Detections) -> Detections:
    """Copy the detections of a frame to the CPU."""
    return cast(Detections, {name: cast(Tensor, value).cpu() for name, value in found.items()})


def above(found: Detections, threshold: float) -> Detections:
    """Return the detections of a frame whose score (multi-hot: best score) is above a threshold, 0..1."""
    scores = found["scores"]
    kept = (scores if scores.ndim == 1 else scores.amax(dim=1)) > threshold
    return cast(Detections, {name: cast(Tensor, value)[kept] for name, value in found.items()})


def to_show(found: Detections, threshold: float, nms_threshold: float = 0.5) -> Detections:
    """Return the detections of a frame that a picture shows: those with a good score, and one box a person.

    Args:
        found: Detections as they are evaluated, best score first.
        threshold: Scores (multi-hot: the best one) must be above it, 0..1.
        nms_threshold: Of two boxes with more IoU the one with the lower score is left out, 0..1; one-hot only, because
            multi-hot detections have one box a person already.
    """
    good = above(found, threshold)
    if "labels" not in good:
        return good
    kept = nms_mask(good["boxes"], None, nms_threshold)
    return cast(Detections, {name: cast(Tensor, value)[kept] for name, value in good.items()})


class DetectionRule(ABC):
    """Turns raw output into detections. A rule is a dataclass; its fields are its thresholds.

    Attributes:
        confidence: What it does with a confidence: "needed", "used" where there is one, or "unused"; see
            `yowo.config.matching_parts`.
    """

    confidence: ClassVar[str] = "used"

    @abstractmethod
    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each of the B clips."""

    def with_options(self, **options: Any) -> Self:
        """Return a copy of the rule with other thresholds.

        Args:
            options: New values by field name. Values of None and names that this rule has no field for are ignored.
        """
        known = {field.name for field in fields(self)}  # type: ignore[arg-type]
        new = {name: value for name, value in options.items() if value is not None and name in known}
        return replace(self, **new)  # type: ignore[type-var]


def best_only(scores: Tensor) -> Tensor:
    """Return scores [..., C] in which only the first largest of each row is left; the others are -1."""
    best, place = scores.max(dim=-1, keepdim=True)
    return torch.full_like(scores, -1.0).scatter(-1, place, best)


@dataclass(frozen=True)
class PostProcess(DetectionRule):
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

    @in_full_precision
    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip."""
        score, overlap, most = self.score_threshold, self.nms_threshold, self.max_detections
        if self.exclusive_classes == raw["cls"].shape[-1]:
            return detect_one_hot(raw, score, overlap, self.top_k, most, self.class_agnostic_nms)
        return detect_multi_hot(raw, self.exclusive_classes, score, overlap, max_detections=most)


@dataclass(frozen=True)
class ConfidenceOrder(DetectionRule):
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

    @in_full_precision
    def __call__(self, raw: RawOutput) -> list[Detections]:
        """Return the detections of each clip."""
        one_hot = self.exclusive_classes == raw["cls"].shape[-1]
        limit = (0.4 if one_hot else 0.5) if self.nms_threshold is None else self.nms_threshold
        if one_hot:
            return detect_by_confidence(raw, self.score_threshold, limit, self.every_class)
        return detect_multi_hot(raw, self.exclusive_classes, self.score_threshold, limit, clipped=False)
