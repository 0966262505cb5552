"""Score detections on whole videos: frame-mAP and video-mAP of the UCF101-24 and JHMDB-21 protocols."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Tube
from yowo.datasets.class_lists import class_names
from yowo.errors import YowoError
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.frame_ap import FrameAP, counted_boxes, match_frames, score_matches
from yowo.evaluation.frame_matching import LabelledBoxes, RankedMatches, ScoredBoxes
from yowo.evaluation.linked_tubes import link_table
from yowo.evaluation.people import PeopleScores, people_scores
from yowo.evaluation.score_details import ScoreDetails, frame_details, merge_details, tube_details
from yowo.evaluation.thresholds import checked_thresholds
from yowo.evaluation.tube_matching import RankedTubes, rank_tubes
from yowo.evaluation.video_ap import VIDEO_THRESHOLDS, VideoAP, class_of_last_tube, threshold_scores
from yowo.evaluation.video_truth import Truth, frame_boxes, match_names, read_names, read_truth
from yowo.tubes.linkers import linker_name, make_linker
from yowo.tubes.linking import Linker

FRAME_THRESHOLD = 0.5
FRAMES = ("annotated", "all")
PathLike = Path | str


@dataclass(frozen=True, slots=True)
class VideoScores:
    """The scores of detections on whole videos, and what they were computed from.

    Attributes:
        classes: Names of the C classes.
        table: The detections, videos under the annotation's names.
        truth: Ground-truth tubes of every scored video, pixels.
        tubes: Linked tubes of every scored video, pixels.
        found: Detections on annotated frames, as they were matched.
        boxes: Ground truth of frames.
        matches: By `annotated` and `all`: the frame matches of each class.
        frame: By `annotated` and `all`: frame AP at 0.5.
        people: How well people are found and their actions are right, on annotated frames.
        rankings: Tubes of each class, ranked.
        video: Video AP by threshold.
        frames: Which frames `frame_map` is over: `annotated` or `all`.
        linker: Name of the linker.
        protocol: Name of the protocol, "" where none is known.
    """

    classes: tuple[str, ...]
    table: DetectionTable
    truth: Truth
    tubes: dict[str, list[Tube]]
    found: ScoredBoxes
    boxes: LabelledBoxes
    matches: dict[str, list[RankedMatches]]
    frame: dict[str, FrameAP]
    people: PeopleScores
    rankings: list[RankedTubes]
    video: dict[str, VideoAP]
    frames: str
    linker: str
    protocol: str = ""

    def metrics(self) -> dict[str, Any]:
        """Return the content of metrics.json, fractions 0..1."""
        name = f"{FRAME_THRESHOLD:g}"
        chosen = self.frame[self.frames]
        return {
            "protocol": self.protocol,
            "linker": self.linker,
            "frames": self.frames,
            "num_videos": len(self.truth),
            "num_detections": len(self.table.video),
            "num_tubes": sum(len(tubes) for tubes in self.tubes.values()),
            "frame_map": {name: chosen.map},
            "frame_ap": {name: self._by_class(chosen.ap)},
            **self.people.metrics(),
            "frame_map_by_frames": {frames: {name: result.map} for frames, result in self.frame.items()},
            "video_map": {threshold: result.map for threshold, result in self.video.items()},
            "video_ap": {threshold: self._by_class(result.ap) for threshold, result in self.video.items()},
        }

    def details(self) -> ScoreDetails:
        """Return rankings and kinds of errors on annotated frames, and the videos whose tubes are found worst."""
        frames = frame_details(self.classes, self.matches["annotated"], self.found, self.boxes)
        return merge_details([frames, self.tube_details()])

    def tube_details(self) -> ScoreDetails:
        """Return the videos whose tubes are found worst."""
        num_frames = dict(zip(self.table.videos, self.table.num_frames.tolist(), strict=True))
        about = f"{len(self.truth)} videos, {len(self.table.video)} detections, linker {self.linker}"
        return replace(tube_details(self.classes, self.truth, self.tubes, num_frames), about=about)

    def _by_class(self, values: NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(self.classes, values.tolist(), strict=True))


def score_videos(
    detections: PathLike,
    annotations: PathLike,
    protocol: str = "ucf24",
    split: PathLike | None = None,
    videos: PathLike | None = None,
    labels: PathLike | None = None,
    linker: str | Linker = "yowo",
    iou: Sequence[float] | None = None,
    frames: str = "annotated",
) -> VideoScores:
    """Do what `yowo.score` does for ucf24 and jhmdb21, and keep what reports need; same arguments.

    Raises:
        AnnotationError: A file cannot be used; the message names file and row.
        YowoError: An argument is invalid.
    """
    if iou is not None:
        checked_thresholds(iou, "iou")
    if frames not in FRAMES:
        raise YowoError(f"frames: expected {' or '.join(FRAMES)}, got {frames}")
    classes = tuple(class_names(protocol, labels).values())
    table = DetectionTable.load(detections, num_classes=len(classes))
    known = read_truth(annotations, classes)
    extra = read_names(videos) if videos is not None else []
    known = {**known, **{name: [] for name in extra if name not in known}}
    named = match_names(table.videos, known, str(detections), annotations)
    table = replace(table, videos=tuple(named[name] for name in table.videos))
    if split is None:
        scored = list(table.videos)
    else:
        wanted = read_names(split)
        scored = list(match_names(wanted, known, str(split), annotations).values())
    truth = {name: known[name] for name in sorted(scored)}
    return replace(score_table(table, truth, classes, linker, iou, frames), protocol=protocol)


def score_table(
    table: DetectionTable,
    truth: Truth,
    classes: Sequence[str],
    linker: str | Linker = "yowo",
    iou: Sequence[float] | None = None,
    frames: str = "annotated",
    one_class_a_video: bool = True,
) -> VideoScores:
    """Compute frame-mAP and video-mAP of a table of detections.

    Args:
        table: Detections, boxes in pixels; those on videos that are not scored are left out.
        truth: Ground-truth tubes of every scored video by its name, boxes in the pixels of the table.
        classes: Names of the C classes.
        linker: A linker, or the name of one (`yowo.tubes.linkers`).
        iou: Thresholds of video-mAP; None takes the six of the paper.
        frames: Which frames the frame-mAP is over, see `yowo.score`.
        one_class_a_video: The protocol's rule that all ground-truth tubes of a video have the class of its last one;
            False keeps the class of each.

    Returns:
        Scores and what they were computed from.
    """
    table, starts = _of_videos(table, truth)
    boxes = frame_boxes(truth, dict(zip(table.videos, starts.tolist(), strict=True)))
    found = ScoredBoxes(
        frames=starts[table.video] + table.frame - 1,
        labels=table.cls.astype(np.int64),
        boxes_xyxy=table.box.astype(np.float64),
        scores=table.score,
    )
    every_frame = np.union1d(found.frames, boxes.frames)
    matches = {
        "annotated": match_frames(found, boxes, len(classes)),
        "all": match_frames(found, boxes, len(classes), annotated_frames=every_frame),
    }
    chosen = make_linker(linker) if isinstance(linker, str) else linker
    tubes = link_table(chosen, table, len(classes))
    wanted = class_of_last_tube(truth) if one_class_a_video else truth
    rankings = rank_tubes(tubes, wanted, len(classes))
    counted = counted_boxes(found, boxes)
    return VideoScores(
        classes=tuple(classes),
        table=table,
        truth=truth,
        tubes=tubes,
        found=counted,
        boxes=boxes,
        matches=matches,
        frame={name: score_matches(rows, FRAME_THRESHOLD) for name, rows in matches.items()},
        people=people_scores(counted, boxes),
        rankings=rankings,
        video=threshold_scores(rankings, iou or VIDEO_THRESHOLDS, strict=iou is None),
        frames=frames,
        linker=linker_name(chosen),
    )


def _of_videos(table: DetectionTable, truth: Truth) -> tuple[DetectionTable, NDArray[np.int64]]:
    """Return a table of the videos of the ground truth, in the order of the ground truth.

    A video that the table does not list has no detection; its length is that of its annotation.

    Returns:
        The table, and int64 [V]: number of each video's first frame among the frames of all.
    """
    listed = {name: index for index, name in enumerate(table.videos)}
    place = {name: index for index, name in enumerate(truth)}
    new = np.array([place.get(name, -1) for name in table.videos], dtype=np.int32)[table.video]
    rows = np.flatnonzero(new >= 0)
    annotated = np.array([max((t.start + len(t.boxes) for t in tubes), default=1) for tubes in truth.values()])
    lengths = np.array(
        [
            table.num_frames[listed[name]] if name in listed else length
            for name, length in zip(truth, annotated, strict=True)
        ]
    )
    room = np.maximum(lengths, annotated).astype(np.int64)
    return (
        DetectionTable(
            videos=tuple(truth),
            num_frames=lengths.astype(np.int32),
            video=new[rows],
            frame=table.frame[rows],
            cls=table.cls[rows],
            score=table.score[rows],
            box=table.box[rows],
        ),
        np.cumsum(room) - room,
    )
