"""Rank detected tubes and find the ground-truth tube that each takes: the steps of video-mAP that follow linking."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Tube
from yowo.tubes.overlap import tube_iou


@dataclass(frozen=True, slots=True)
class RankedTubes:
    """The detected tubes of one class over all videos, best score first.

    Attributes:
        videos: int64 [n], video of each tube, as an index into the videos that were scored.
        places: int64 [n], place of each tube among the tubes of its video.
        scores: float64 [n], falling.
        overlaps: n arrays float64 [g], IoU with each ground-truth tube of the class in its video; empty where there is
            none.
        num_truth: Number of ground-truth tubes of the class.
    """

    videos: NDArray[np.int64]
    places: NDArray[np.int64]
    scores: NDArray[np.float64]
    overlaps: Sequence[NDArray[np.float64]]
    num_truth: int

    def taken(self, iou_threshold: float) -> NDArray[np.int64]:
        """Give each tube, in the order of the ranking, the best ground truth of its video that no tube before it took.

        So a tube has a second choice, unlike a detection in frame-mAP (rule 9).

        Args:
            iou_threshold: Least IoU of a true positive, above 0.

        Returns:
            int64 [n]: place of the ground truth among its video's tubes of the class; -1 for a false positive.
        """
        result = np.full(len(self.scores), -1, dtype=np.int64)
        used: dict[int, set[int]] = defaultdict(set)
        for rank, overlaps in enumerate(self.overlaps):
            if not len(overlaps):
                continue
            gone = used[int(self.videos[rank])]
            free = [truth for truth in range(len(overlaps)) if truth not in gone]
            best = max(free, key=overlaps.__getitem__, default=-1)
            if best >= 0 and overlaps[best] >= iou_threshold:
                gone.add(best)
                result[rank] = best
        return result


def rank_tubes(
    found: Mapping[str, Sequence[Tube]], truth: Mapping[str, Sequence[Tube]], num_classes: int
) -> list[RankedTubes]:
    """Rank the tubes of each class and compute their overlaps with the ground truth of their videos.

    Args:
        found: Detected tubes of each video by its name, boxes in pixels; of equal scores, the first
            video and the first tube come first.
        truth: Ground-truth tubes of each scored video, boxes in the same pixels.
        num_classes: C; labels are below it.

    Returns:
        C rankings, in the order of the classes.
    """
    entries: list[list[tuple[int, int, Tube]]] = [[] for _ in range(num_classes)]
    for video, name in enumerate(truth):
        for place, tube in enumerate(found.get(name, ())):
            entries[tube.label].append((video, place, tube))
    by_class: list[dict[int, list[Tube]]] = [defaultdict(list) for _ in range(num_classes)]
    for video, tubes in enumerate(truth.values()):
        for tube in tubes:
            by_class[tube.label][video].append(tube)
    return [_ranked(rows, wanted) for rows, wanted in zip(entries, by_class, strict=True)]


def best_overlaps_of_video(truth: Sequence[Tube], found: Sequence[Tube]) -> list[float]:
    """Return for each ground-truth tube of a video the best tube IoU of any detected tube of its class; 0 for none."""
    return [max((tube_iou(wanted, t) for t in found if t.label == wanted.label), default=0.0) for wanted in truth]


def _ranked(rows: list[tuple[int, int, Tube]], wanted: dict[int, list[Tube]]) -> RankedTubes:
    scores = np.array([tube.score for _, _, tube in rows], dtype=np.float64)
    order = np.argsort(-scores, kind="stable").tolist()
    nothing = np.zeros(0)
    overlaps = []
    for row in order:
        video, _, tube = rows[row]
        truths = wanted.get(video)
        overlaps.append(np.array([tube_iou(other, tube) for other in truths]) if truths else nothing)
    return RankedTubes(
        videos=np.array([rows[row][0] for row in order], dtype=np.int64),
        places=np.array([rows[row][1] for row in order], dtype=np.int64),
        scores=scores[order],
        overlaps=overlaps,
        num_truth=sum(len(tubes) for tubes in wanted.values()),
    )
