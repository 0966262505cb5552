"""Kinds of errors in frames: every counted detection is right or has one kind of error; a ground truth can be missed.

After Hoiem, Chodpathumwan and Dai (2012), "Diagnosing error in object detectors", and TIDE (Bolya et al. 2020). Of each
class the N detections of highest score are counted, N being the number of its ground-truth boxes: as many as a perfect
detector would give.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yowo.evaluation.average_precision import average_precision, precision_recall
from yowo.evaluation.frame_matching import LabelledBoxes, RankedMatches, ScoredBoxes, best_overlaps

KINDS = ("right", "localisation", "class", "duplicate", "background")
NEAR, FAR = 0.5, 0.1
"""A box is on a ground truth if their IoU is at least 0.5, and near it if the IoU is at least 0.1."""
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ErrorTypes:
    """Kinds of errors of each class.

    Attributes:
        counts: int64 [C, 5], detections of each class by kind, in the order of `KINDS`.
        missed: int64 [C], ground truths that none of the counted detections found.
        confusion: int64 [C, C + 1]: of the false positives of a class, how many lie (IoU of at least 0.5) on a ground
            truth of each class, and in the last column on none.
        gains: float64 [C, 4], what AP would gain if all errors of a kind were corrected: localisation (moved onto their
            ground truth, or dropped if that is found already), class, duplicate, background (each dropped).
    """

    counts: Ints
    missed: Ints
    confusion: Ints
    gains: NDArray[np.float64]


def error_types(matches: list[RankedMatches], detections: ScoredBoxes, truth: LabelledBoxes) -> ErrorTypes:
    """Give the detections of every class their kind of error.

    Args:
        matches: One for each class, as `match_frames` returned them for these detections and this ground truth.
        detections: The detections that `matches` are of (`counted_boxes`).
        truth: All ground truth.

    Returns:
        Counts and gains.
    """
    count = len(matches)
    counts, missed = np.zeros((count, len(KINDS)), np.int64), np.zeros(count, np.int64)
    confusion, gains = np.zeros((count, count + 1), np.int64), np.zeros((count, 4))
    for label, match in enumerate(matches):
        hits = match.hits(NEAR)
        rows = _ranked_rows(detections, label, len(hits))
        other, owner = best_overlaps(
            detections.frames[rows], detections.boxes_xyxy[rows], truth.frames, truth.boxes_xyxy
        )
        classes = np.append(truth.labels, count)  # an owner of -1 is no ground truth
        lies_on = np.where(other >= NEAR, classes[owner], count)
        kinds = _kinds(match, hits, np.where(lies_on == label, count, lies_on) < count)
        top = slice(0, match.num_truth)
        counts[label] = np.bincount(kinds[top], minlength=len(KINDS))
        missed[label] = match.num_truth - int(hits[top].sum())
        confusion[label] = np.bincount(lies_on[top][~hits[top]], minlength=count + 1)
        gains[label] = _gains(match, hits, kinds)
    return ErrorTypes(counts, missed, confusion, gains)


def _ranked_rows(detections: ScoredBoxes, label: int, expected: int) -> Ints:
    """Return the rows of a class in the order of its matches."""
    rows = np.flatnonzero(detections.labels == label)
    order = np.lexsort((detections.frames[rows], -detections.scores[rows]))
    return rows[order][:expected]


def _kinds(match: RankedMatches, hits: NDArray[np.bool_], on_another: NDArray[np.bool_]) -> Ints:
    """Give each detection its kind: right, else duplicate, else localisation, else class, else background."""
    kinds = np.full(len(hits), KINDS.index("background"), dtype=np.int64)
    kinds[on_another] = KINDS.index("class")
    kinds[match.overlap >= FAR] = KINDS.index("localisation")
    kinds[match.overlap >= NEAR] = KINDS.index("duplicate")
    kinds[hits] = KINDS.index("right")
    return kinds


def _gains(match: RankedMatches, hits: NDArray[np.bool_], kinds: Ints) -> NDArray[np.float64]:
    """Compute what AP would gain if each kind of error were corrected."""
    gains = np.zeros(4)
    if not match.num_truth:
        return gains
    now = average_precision(*precision_recall(hits, match.num_truth))
    found = set(match.truth[hits].tolist())
    for place, kind in enumerate(range(1, len(KINDS))):
        corrected, kept = hits.copy(), kinds != kind
        if kind == KINDS.index("localisation"):
            rows = np.flatnonzero(kinds == kind)
            _, first = np.unique(match.truth[rows], return_index=True)
            free = [row for row in rows[first].tolist() if int(match.truth[row]) not in found]
            corrected[free] = True
            kept[free] = True
        gains[place] = average_precision(*precision_recall(corrected[kept], match.num_truth)) - now
    return gains
