"""Video-mAP as published for UCF101-24 and JHMDB-21, from tubes: pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Tube
from yowo.evaluation.average_precision import average_precision
from yowo.evaluation.tube_matching import RankedTubes, rank_tubes

VIDEO_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75)
STRICT_THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
STRICT_NAME = "0.5:0.95"
RECALL_GUARD = 1e-5
"""Added to the number of ground-truth tubes, as in the published program (rule 10)."""
DECIMALS = 2
"""AP in percent is rounded to this many decimals before means are taken (rule 11)."""


@dataclass(frozen=True, slots=True)
class VideoAP:
    """Video AP of each class and the mean, as fractions 0..1.

    Attributes:
        ap: float64 [C], rounded to 0.01 % as published; 0 for a class without tubes or without ground truth.
        exact: float64 [C], not rounded.
        map: Mean of `ap` over all classes, with or without ground truth (rule 11).
    """

    ap: NDArray[np.float64]
    exact: NDArray[np.float64]
    map: float


def class_of_last_tube(truth: Mapping[str, Sequence[Tube]]) -> dict[str, list[Tube]]:
    """Give all tubes of a video the class of its last one, as the published program does (rule 9)."""
    return {
        name: [replace(tube, label=tubes[-1].label) for tube in tubes] if tubes else [] for name, tubes in truth.items()
    }


def score_ranking(ranking: RankedTubes, iou_threshold: float) -> float:
    """Compute the AP of one class.

    Precision and recall are kept as float32 (rule 10).

    Args:
        ranking: Tubes of the class.
        iou_threshold: Least IoU of a true positive, above 0 up to 1.

    Returns:
        AP, a fraction, not rounded; 0 without tubes or without ground truth.
    """
    found = np.cumsum(ranking.taken(iou_threshold) >= 0, dtype=np.float64)
    precision = (found / np.arange(1, len(found) + 1)).astype(np.float32).astype(np.float64)
    recall = (found / (ranking.num_truth + RECALL_GUARD)).astype(np.float32).astype(np.float64)
    return average_precision(precision, recall)


def score_rankings(rankings: Sequence[RankedTubes], iou_threshold: float) -> VideoAP:
    """Compute AP by class and the mean.

    Args:
        rankings: Tubes of each of the C classes.
        iou_threshold: Least IoU of a true positive, above 0 up to 1.
    """
    exact = np.array([score_ranking(ranking, iou_threshold) for ranking in rankings])
    ap = np.round(exact * 100, DECIMALS) / 100
    return VideoAP(ap, exact, float(ap.mean()) if len(ap) else float("nan"))


def video_average_precision(
    found: Mapping[str, Sequence[Tube]],
    truth: Mapping[str, Sequence[Tube]],
    num_classes: int,
    iou_thresholds: Sequence[float] = VIDEO_THRESHOLDS,
    strict: bool = True,
) -> dict[str, VideoAP]:
    """Compute video-mAP at several thresholds; tube IoUs are computed once for all of them.

    Args:
        found: Detected tubes of each video by its name, boxes in pixels, each with its score.
        truth: Ground-truth tubes of every scored video by its name, boxes in the same pixels.
        num_classes: C; labels are below it.
        iou_thresholds: Least spatio-temporal IoU of a true positive, above 0 up to 1.
        strict: Add the mean over 0.50, 0.55 ... 0.95, named "0.5:0.95".

    Returns:
        AP by the threshold's name, such as "0.5".

    >>> box = np.tile(np.float32([10, 10, 59, 89]), (8, 1))
    >>> truth = {"a": [Tube(label=0, start=0, boxes=box)]}
    >>> found = {"a": [Tube(label=0, start=0, boxes=box[:6], score=0.9)]}
    >>> scores = video_average_precision(found, truth, num_classes=1, iou_thresholds=(0.5, 0.8), strict=False)
    >>> {name: score.map for name, score in scores.items()}  # 6 of 8 frames are found: the tube IoU is 0.75
    {'0.5': 1.0, '0.8': 0.0}
    """
    rankings = rank_tubes(found, truth, num_classes)
    return threshold_scores(rankings, iou_thresholds, strict)


def threshold_scores(
    rankings: Sequence[RankedTubes], iou_thresholds: Sequence[float], strict: bool
) -> dict[str, VideoAP]:
    """Do the part of `video_average_precision` that follows the ranking; `rankings` has one entry for each class."""
    scores = {f"{threshold:g}": score_rankings(rankings, threshold) for threshold in iou_thresholds}
    if strict:
        each = [scores.get(f"{t:g}") or score_rankings(rankings, t) for t in STRICT_THRESHOLDS]
        scores[STRICT_NAME] = VideoAP(
            ap=np.mean([score.ap for score in each], axis=0),
            exact=np.mean([score.exact for score in each], axis=0),
            map=float(np.mean([score.map for score in each])),
        )
    return scores
