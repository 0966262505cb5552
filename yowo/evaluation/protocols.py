"""Score a file of detections against published annotations: what `yowo score` and `yowo.score` do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from yowo.errors import AnnotationError, YowoError
from yowo.evaluation.ava_protocol import score_ava
from yowo.evaluation.score_details import ScoreDetails
from yowo.evaluation.video_protocol import score_videos
from yowo.tubes.linking import Linker

PathLike = Path | str


class Scores(Protocol):
    """What scoring a file returns, whatever the protocol."""

    def metrics(self) -> dict[str, Any]:
        """Return the content of metrics.json, fractions 0..1."""

    def details(self) -> ScoreDetails:
        """Return what a page shows beyond metrics.json."""


@dataclass(frozen=True, slots=True)
class ProtocolKind:
    """How a protocol is scored.

    Attributes:
        score: Takes the options of `score_files` that are common to all protocols, and those in `options`.
        options: Options of `score_files` that this protocol has and others lack, with the value of one not given.
    """

    score: Callable[..., Scores]
    options: dict[str, Any]


VIDEO_OPTIONS = {"linker": "yowo", "frames": "annotated"}
KINDS = {
    "ucf24": ProtocolKind(partial(score_videos, protocol="ucf24"), VIDEO_OPTIONS),
    "jhmdb21": ProtocolKind(partial(score_videos, protocol="jhmdb21"), VIDEO_OPTIONS),
    "ava": ProtocolKind(score_ava, {"exclude": None}),
}


def score_files(detections: PathLike, annotations: PathLike, protocol: str = "ucf24", **options: Any) -> Scores:
    """Do what `score` does, and keep what a page needs; the arguments are the same.

    Raises:
        AnnotationError: The protocol is not known, or a file cannot be used; the message names file and row.
        YowoError: An argument is invalid, or the protocol has no such option.
    """
    if protocol not in KINDS:
        raise AnnotationError(f"protocol {protocol}: expected one of {', '.join(KINDS)}")
    kind = KINDS[protocol]
    for other in KINDS.values():
        for name, default in other.options.items():
            if name not in kind.options and options.pop(name, default) != default:
                having = ", ".join(known for known, one in KINDS.items() if name in one.options)
                raise YowoError(f"{name}: the protocol {protocol} has no such option; it is for {having}: leave it out")
    return kind.score(detections, annotations, **options)


def score(
    detections: PathLike,
    annotations: PathLike,
    protocol: str = "ucf24",
    *,
    split: PathLike | None = None,
    videos: PathLike | None = None,
    exclude: PathLike | None = None,
    labels: PathLike | None = None,
    linker: str | Linker = "yowo",
    iou: Sequence[float] | None = None,
    frames: str = "annotated",
) -> dict[str, Any]:
    """Score saved detections of any detector by a published protocol.

    Args:
        detections: ucf24, jhmdb21: the npz of `yowo.evaluation.detection_table`. ava: a CSV of video_id, timestamp,
            x1, y1, x2, y2 (fractions), action_id, score.
        annotations: ucf24: finalAnnots.mat. jhmdb21: the folder or zip of text ground truth. ava: the official CSV.
        protocol: ucf24, jhmdb21 or ava.
        split: Text file with the names of the videos to score, one per line; those without detections count with their
            ground truth. None scores the videos that the detections file lists (ava: those of the annotation).
        videos: Text file with the names of videos that exist but are not in the annotation, one per line.
        exclude: ava: the official CSV of excluded timestamps.
        labels: Other classes: a `.pbtxt` (ava), or a text file with one name per line.
        linker: ucf24, jhmdb21: how tubes are linked: yowo (the protocol's), trimmed, online; or a linker.
        iou: Thresholds of video-mAP (None: 0.05, 0.1, 0.2, 0.3, 0.5, 0.75), or the one of AVA's mAP (None: 0.5).
        frames: ucf24, jhmdb21: compute frame-mAP over the `annotated` frames (YOWO's papers), or over `all` frames of
            the videos, where detections on frames without annotation are wrong (ACT, MOC).

    Returns:
        The content of metrics.json: fractions 0..1 by name.

    Raises:
        AnnotationError: A file cannot be used; the message names file and row.
        YowoError: An argument is invalid, or the protocol has no such option.
    """
    options = {"split": split, "videos": videos, "exclude": exclude, "labels": labels, "linker": linker, "iou": iou}
    return score_files(detections, annotations, protocol, frames=frames, **options).metrics()
