"""Average precision of a ranking: the rule that frame-mAP, video-mAP and AVA's mAP share."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)


def precision_recall(hits: NDArray[np.bool_], num_truth: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute precision and recall after each detection of a ranking.

    Args:
        hits: bool [n], best score first; True where the detection is a true positive.
        num_truth: Number of ground truths of the class, at least 1.

    Returns:
        Precision and recall, float64 [n] each, fractions 0..1. Recall is true positives / ground truths, exactly
        (rules 4 and 5 of the UCF101-24 frame-mAP).
    """
    found = np.cumsum(hits, dtype=np.float64)
    return found / np.arange(1, len(hits) + 1), found / num_truth


def average_precision(precision: NDArray[Real], recall: NDArray[Real]) -> float:
    """Compute the area under the precision envelope over all recall steps (VOC 2010 and later, not the 11-point rule).

    The envelope at a recall is the best precision at this or any higher recall; beyond the last recall it is 0.

    Args:
        precision: float [n], after each detection, best score first, fractions 0..1.
        recall: float [n], after each detection, never falling, fractions 0..1.

    Returns:
        The area, 0..1, summed in the dtype of the arguments; 0 for an empty ranking.

    >>> precision, recall = precision_recall(np.array([True, False, True]), num_truth=2)
    >>> average_precision(precision, recall)  # 0.5 * 1 + 0.5 * 2 / 3
    0.8333333333333333
    """
    if len(recall) == 0:
        return 0.0
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(recall, prepend=recall.dtype.type(0))
    return float(np.sum(steps * envelope))
