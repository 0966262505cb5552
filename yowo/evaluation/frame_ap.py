"""Frame-mAP as published for UCF101-24 and JHMDB-21: pure functions of boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yowo.evaluation.average_precision import average_precision, precision_recall
from yowo.evaluation.frame_matching import LabelledBoxes, RankedMatches, ScoredBoxes, match_by_class


@dataclass(frozen=True, slots=True)
class FrameAP:
    """Frame AP of each class and their mean, as fractions 0..1.

    Attributes:
        ap: float64 [C]; NaN for a class without ground truth.
        map: Mean over the classes with ground truth; NaN if no class has any.
    """

    ap: NDArray[np.float64]
    map: float


def frame_average_precision(
    detections: ScoredBoxes,
    truth: LabelledBoxes,
    num_classes: int,
    iou_threshold: float = 0.5,
    round_boxes: bool = True,
    annotated_frames: NDArray[np.int64] | None = None,
) -> FrameAP:
    """Compute frame-mAP by the rules of the published UCF101-24 evaluation.

    Detections are rounded to whole pixels (halves to even), ground truth is not. Boxes are inclusive pixels. The
    detections of a class are ranked over all frames by falling score (ties: frame number, then row). A detection is
    compared only with the ground truth of its class and frame that it overlaps best. AP is the area under the precision
    envelope. A class with ground truth and without detections has AP 0; a class without ground truth is left out of the
    mean.

    Args:
        detections: Boxes in pixels of the picture that the protocol counts in.
        truth: Ground truth, boxes in the same pixels.
        num_classes: Number of classes C; labels are below it.
        iou_threshold: Least IoU of a true positive, above 0 up to 1.
        round_boxes: False keeps the coordinates of detections as they are (a departure from the protocol).
        annotated_frames: int64 [f], numbers of the frames that count; detections on others are ignored. None takes
            the frames that have ground truth.

    Returns:
        AP by class and mean.

    >>> truth = LabelledBoxes(np.array([0]), np.array([0]), np.array([[10.0, 10, 59, 89]]))
    >>> boxes = np.array([[100.0, 10, 149, 89], [10.0, 10, 59, 79]])
    >>> found = ScoredBoxes(np.array([0, 0]), np.array([0, 0]), boxes, np.array([0.9, 0.8]))
    >>> frame_average_precision(found, truth, num_classes=1).map  # the better one is wrong
    0.5
    """
    matches = match_frames(detections, truth, num_classes, round_boxes, annotated_frames)
    return score_matches(matches, iou_threshold)


def match_frames(
    detections: ScoredBoxes,
    truth: LabelledBoxes,
    num_classes: int,
    round_boxes: bool = True,
    annotated_frames: NDArray[np.int64] | None = None,
) -> list[RankedMatches]:
    """Do the part of `frame_average_precision` that does not depend on the IoU threshold; same arguments.

    Returns:
        C matches, in the order of the classes, for `score_matches`.
    """
    counted = counted_boxes(detections, truth, round_boxes, annotated_frames)
    return match_by_class(counted, truth, num_classes)


def score_matches(matches: Sequence[RankedMatches], iou_threshold: float) -> FrameAP:
    """Compute AP by class and mean from the matches of each class.

    Args:
        matches: One for each class.
        iou_threshold: Least IoU of a true positive, above 0 up to 1.

    Returns:
        AP by class and mean.
    """
    ap = np.full(len(matches), np.nan)
    for label, match in enumerate(matches):
        if match.num_truth:
            ap[label] = average_precision(*precision_recall(match.hits(iou_threshold), match.num_truth))
    known = ap[~np.isnan(ap)]
    return FrameAP(ap, float(known.mean()) if len(known) else float("nan"))


def counted_boxes(
    detections: ScoredBoxes,
    truth: LabelledBoxes,
    round_boxes: bool = True,
    annotated_frames: NDArray[np.int64] | None = None,
) -> ScoredBoxes:
    """Return the detections that count in `match_frames`, rounded as there; same arguments."""
    counted = np.isin(detections.frames, truth.frames if annotated_frames is None else annotated_frames)
    boxes = detections.boxes_xyxy[counted]
    return ScoredBoxes(
        frames=detections.frames[counted],
        labels=detections.labels[counted],
        boxes_xyxy=np.rint(boxes) if round_boxes else boxes,
        scores=detections.scores[counted],
    )
