"""Detections and ground truth of a key frame as checked, flat rows: one per box and class."""

from typing import NamedTuple

import torch
from torch import Tensor

from yowo.contracts import Detections, Target
from yowo.errors import AnnotationError, YowoError


class BoxRows(NamedTuple):
    """Boxes of one key frame, one row per box and class.

    Attributes:
        boxes_norm: float32 [n, 4], x1 y1 x2 y2 as fractions of the picture.
        labels: int64 [n], class from 0.
        scores: float32 [n]; None for ground truth.
    """

    boxes_norm: Tensor
    labels: Tensor
    scores: Tensor | None = None


def detection_rows(detections: Detections, num_classes: int, where: str) -> BoxRows:
    """Lay out the detections of a key frame as rows.

    Args:
        detections: `boxes` float [N, 4], 0..1, with `scores` [N] and `labels` [N], or with `scores` [N, C], which gives
            a row per box and class whose score is not 0. Half precision becomes float32.
        num_classes: C; labels are below it.
        where: Name of the key frame for errors, such as "key frame 12".

    Returns:
        The rows, in the order of the boxes and then of the classes.

    Raises:
        YowoError: Lengths do not fit, a number is NaN or infinite, or a label is outside 0..C-1.
    """
    boxes, scores = detections["boxes"].float().reshape(-1, 4), detections["scores"].float()
    if scores.ndim == 2:
        _require(scores.shape == (len(boxes), num_classes), where, "scores", (len(boxes), num_classes), scores)
        boxes = boxes.repeat_interleave(num_classes, dim=0)
        labels = torch.arange(num_classes, device=scores.device).repeat(len(scores))
        scores = scores.flatten()
        given = scores != 0
        boxes, labels, scores = boxes[given], labels[given], scores[given]
    else:
        labels = detections["labels"].long()
        _require(scores.shape == (len(boxes),), where, "scores", (len(boxes),), scores)
        _require(labels.shape == (len(boxes),), where, "labels", (len(boxes),), labels)
    if not bool(torch.isfinite(boxes).all() & torch.isfinite(scores).all()):
        raise YowoError(
            f"{where}: a detection has a NaN or infinite box or score; expected numbers: the training has diverged, or "
            "the weights or the input are damaged"
        )
    _require_labels(labels, num_classes, f"{where}: a detection", YowoError)
    return BoxRows(boxes, labels, scores)


def target_rows(target: Target, num_classes: int, where: str) -> BoxRows:
    """Lay out the ground truth of a key frame as rows.

    Args:
        target: `boxes` float [N, 4], 0..1, with `labels` int [N], or [N, C] of zeros and ones, which gives a row
            per box and each of its classes.
        num_classes: C; labels are below it.
        where: Name of the key frame for errors, such as "key frame 12".

    Returns:
        The rows, in the order of the boxes and then of the classes.

    Raises:
        YowoError: Lengths do not fit.
        AnnotationError: A coordinate is NaN or infinite, or a label is outside 0..C-1.
    """
    boxes, labels = target["boxes"].float().reshape(-1, 4), target["labels"]
    if labels.ndim == 2:
        _require(labels.shape == (len(boxes), num_classes), where, "target labels", (len(boxes), num_classes), labels)
        box, labels = labels.nonzero(as_tuple=True)
        boxes = boxes[box]
    _require(labels.shape == (len(boxes),), where, "target labels", (len(boxes),), labels)
    if not bool(torch.isfinite(boxes).all()):
        raise AnnotationError(
            f"{where}: a ground-truth box is NaN or infinite; expected fractions 0..1: correct the annotation"
        )
    _require_labels(labels, num_classes, f"{where}: a ground-truth box", AnnotationError)
    return BoxRows(boxes, labels.long())


def _require(fits: bool, where: str, name: str, expected: tuple[int, ...], got: Tensor) -> None:
    if not fits:
        raise YowoError(f"{where}: expected {name} of shape {list(expected)}, as boxes are, got {list(got.shape)}")


def _require_labels(labels: Tensor, num_classes: int, whose: str, error: type[YowoError]) -> None:
    wrong = labels[(labels < 0) | (labels >= num_classes)]
    if len(wrong):
        raise error(
            f"{whose} has label {int(wrong[0])}; expected 0 to {num_classes - 1}: labels count from 0, and the classes "
            "of model and data set must be the same"
        )
