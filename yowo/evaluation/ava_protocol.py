"""Score AVA detections in the official CSV by the four named rules."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from yowo.boxes.array_iou import pair_iou
from yowo.datasets.ava_annotation import AvaRows, of_videos, read_ava_csv, read_excluded, without
from yowo.datasets.class_lists import class_names
from yowo.errors import AnnotationError, YowoError
from yowo.evaluation.ava_ap import RULES, AvaAP, AvaBoxes, ava_average_precision
from yowo.evaluation.ava_files import frame_numbers
from yowo.evaluation.frame_matching import LabelledBoxes, ScoredBoxes
from yowo.evaluation.people import PeopleScores, people_scores
from yowo.evaluation.score_details import ClassRanking, ScoreDetails
from yowo.evaluation.thresholds import checked_thresholds
from yowo.evaluation.video_truth import read_names

PathLike = Path | str


class AvaScores(NamedTuple):
    """AP by rule, the classes that it is over, and the scores of people.

    Attributes:
        by_rule: By each of `RULES`.
        classes: Names of the evaluated classes by action id, in the order of the AP arrays.
        people: How well people are found and their actions are right; all classes count.
    """

    by_rule: dict[str, AvaAP]
    classes: dict[int, str]
    people: PeopleScores

    def metrics(self) -> dict[str, Any]:
        """Return the content of metrics.json, fractions 0..1."""
        names = self.classes.values()
        return {
            "protocol": "ava",
            "ava_map": {rule: result.map for rule, result in self.by_rule.items()},
            "ava_ap": {
                rule: dict(zip(names, result.ap.tolist(), strict=True)) for rule, result in self.by_rule.items()
            },
            **self.people.metrics(),
        }

    def details(self) -> ScoreDetails:
        """Return the rankings of the official rule."""
        official = self.by_rule["official"]
        ranked = zip(self.classes.values(), official.hits, official.num_truth.tolist(), strict=True)
        return ScoreDetails(
            about=f"{len(self.classes)} evaluated classes",
            rankings=tuple(ClassRanking(name, hits, count) for name, hits, count in ranked),
            ranking_rule="the official rule",
        )


def score_ava(
    detections: PathLike,
    annotations: PathLike,
    split: PathLike | None = None,
    videos: PathLike | None = None,
    exclude: PathLike | None = None,
    labels: PathLike | None = None,
    iou: Sequence[float] | None = None,
) -> AvaScores:
    """Do what `yowo.score` does for ava; the arguments are the same.

    Returns:
        AP by rule, and the evaluated classes.

    Raises:
        AnnotationError: A file cannot be used; the message names file and row.
        YowoError: More than one threshold, or one outside 0..1.
    """
    if iou is not None and len(checked_thresholds(iou, "iou")) != 1:
        raise YowoError(f"iou: AVA's mAP has one threshold, got {list(iou)}")
    classes = class_names("ava", labels)
    truth, found = read_ava_csv(annotations, scored=False), read_ava_csv(detections, scored=True)
    extra = read_names(videos) if videos is not None else []
    known = {*truth.videos, *extra}
    strange = [name for name in found.videos if name not in known]
    if strange:
        raise AnnotationError(
            f"{detections}: video {strange[0]} is not in {annotations} ({len(strange)} such videos); name videos "
            "without ground truth in a text file and give it as videos"
        )
    if split is not None:
        wanted = read_names(split)
        missing = [name for name in wanted if name not in known]
        if missing:
            raise AnnotationError(f"{split}: video {missing[0]} is not in {annotations} ({len(missing)} such videos)")
        truth, found = of_videos(truth, set(wanted)), of_videos(found, set(wanted))
    if exclude is not None:
        excluded = read_excluded(exclude)
        truth, found = without(truth, excluded), without(found, excluded)
    return score_ava_rows(truth, found, classes, iou[0] if iou else 0.5)


def score_ava_rows(
    truth: AvaRows, detections: AvaRows, classes: dict[int, str], iou_threshold: float = 0.5
) -> AvaScores:
    """Compute AVA's mAP by all four rules, and the scores of people.

    Args:
        truth: Ground truth, excluded timestamps left out.
        detections: Detections, excluded timestamps left out; rows of a frame in the order of the detector's output.
        classes: Evaluated classes by action id; rows of other classes are left out.
        iou_threshold: Least IoU of a true positive.

    Returns:
        The scores; classes are in the order of `classes`.
    """
    truth_frames, found_frames = frame_numbers(truth, detections)
    place = {number: index for index, number in enumerate(classes)}
    boxes = []
    for rows, numbers in ((detections, found_frames), (truth, truth_frames)):
        known, inverse = np.unique(rows.labels, return_inverse=True)
        labels = np.array([place.get(number, -1) for number in known.tolist()], dtype=np.int64)[inverse.reshape(-1)]
        every = AvaBoxes(numbers, rows.seconds, labels, rows.boxes_norm, rows.scores)
        boxes.append(every.take(labels >= 0))
    known_frames = np.unique(truth_frames)
    by_rule = {
        rule: ava_average_precision(boxes[0], boxes[1], len(classes), rule, iou_threshold, known_frames)
        for rule in RULES
    }
    found = ScoredBoxes(found_frames, detections.labels, detections.boxes_norm, detections.scores)
    people = people_scores(found, LabelledBoxes(truth_frames, truth.labels, truth.boxes_norm), pair_iou)
    return AvaScores(by_rule, classes, people)
