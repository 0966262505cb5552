"""What a page about scores can show beyond metrics.json: rankings, kinds of errors, tubes of videos; plain data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Tube
from yowo.evaluation.class_confusion import ClassConfusion, class_confusion
from yowo.evaluation.error_types import NEAR, ErrorTypes, error_types
from yowo.evaluation.frame_matching import LabelledBoxes, RankedMatches, ScoredBoxes
from yowo.evaluation.tube_matching import best_overlaps_of_video

WORST_VIDEOS = 8


@dataclass(frozen=True, slots=True)
class ClassRanking:
    """The ranked detections of one class, from which its precision-recall curve is drawn.

    Attributes:
        name: Name of the class.
        hits: bool [n], best score first; True for a true positive.
        num_truth: Ground-truth boxes of the class.
    """

    name: str
    hits: NDArray[np.bool_]
    num_truth: int


@dataclass(frozen=True, slots=True)
class VideoTubes:
    """The tubes of one video.

    Attributes:
        name: Name of the video.
        num_frames: Frames of the video.
        truth: Ground-truth tubes.
        overlaps: For each ground-truth tube the best tube IoU of any detected tube of its class, 0..1.
        found: Detected tubes, best score first.
    """

    name: str
    num_frames: int
    truth: tuple[Tube, ...]
    overlaps: tuple[float, ...]
    found: tuple[Tube, ...]


@dataclass(frozen=True, slots=True)
class ScoreDetails:
    """What a metric offers to a page beside its part of metrics.json; a page leaves out what is empty.

    Attributes:
        classes: Names of the C classes that `errors` and the labels of tubes refer to.
        about: What was scored, such as "12 videos, 340 detections".
        rankings: One for each class.
        ranking_rule: The rule that `rankings` follow, such as "frame AP at IoU 0.5".
        errors: Kinds of errors by class.
        confusion: Which classes are taken for which.
        worst_videos: The videos whose ground truth is found worst, the worst first.
    """

    classes: tuple[str, ...] = ()
    about: str = ""
    rankings: tuple[ClassRanking, ...] = ()
    ranking_rule: str = ""
    errors: ErrorTypes | None = None
    confusion: ClassConfusion | None = None
    worst_videos: tuple[VideoTubes, ...] = ()


def merge_details(parts: Iterable[ScoreDetails]) -> ScoreDetails:
    """Join the details of the metrics of one split: each attribute is that of the first part that has it."""
    merged = ScoreDetails()
    for part in reversed(list(parts)):
        known = {field.name: getattr(part, field.name) for field in fields(part)}
        merged = replace(merged, **{name: value for name, value in known.items() if value})
    return merged


def frame_details(
    classes: Sequence[str], matches: Sequence[RankedMatches], found: ScoredBoxes, truth: LabelledBoxes
) -> ScoreDetails:
    """Return rankings, kinds of errors and confusion of classes of detections on frames, at IoU 0.5.

    Args:
        classes: Names of the C classes.
        matches: One for each class.
        found: The detections that `matches` were made of, boxes in pixels.
        truth: All ground truth, boxes in the same pixels.
    """
    rankings = [
        ClassRanking(name, match.hits(NEAR), match.num_truth) for name, match in zip(classes, matches, strict=True)
    ]
    return ScoreDetails(
        classes=tuple(classes),
        rankings=tuple(rankings),
        ranking_rule=f"frame AP at IoU {NEAR:g}",
        errors=error_types(list(matches), found, truth),
        confusion=class_confusion(found, truth, len(classes)),
    )


def tube_details(
    classes: Sequence[str],
    truth: Mapping[str, Sequence[Tube]],
    found: Mapping[str, Sequence[Tube]],
    num_frames: Mapping[str, int],
) -> ScoreDetails:
    """Return the videos whose ground-truth tubes are overlapped worst on average, at most `WORST_VIDEOS`.

    Args:
        classes: Names of the C classes.
        truth: Ground-truth tubes of each video, boxes in pixels.
        found: Detected tubes of each video, boxes in the same pixels.
        num_frames: Frames of each video.
    """
    overlaps = {name: best_overlaps_of_video(tubes, found.get(name, ())) for name, tubes in truth.items() if tubes}
    worst = sorted(overlaps, key=lambda name: (float(np.mean(overlaps[name])), name))[:WORST_VIDEOS]
    videos = [
        VideoTubes(
            name=name,
            num_frames=num_frames[name],
            truth=tuple(truth[name]),
            overlaps=tuple(overlaps[name]),
            found=tuple(sorted(found.get(name, ()), key=lambda tube: -tube.score)),
        )
        for name in worst
    ]
    return ScoreDetails(classes=tuple(classes), worst_videos=tuple(videos))
