"""Score a file of detections against published annotations: what `yowo score` and `yowo.score` do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from yowo.evaluation.ava_protocol import ava_metrics, score_ava
from yowo.evaluation.video_protocol import score_videos, video_metrics
from yowo.tubes.linking import Linker

PathLike = Path | str


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
        split: Text file with the names of the videos to score, one a line; those without detections count with their
            ground truth. None scores the videos that the detections file lists (ava: those of the annotation).
        videos: Text file with names of videos that exist although the annotation does not know them, one a line.
        exclude: ava: the official CSV of excluded timestamps.
        labels: Other classes: a `.pbtxt` (ava), or a text file with one name a line.
        linker: ucf24, jhmdb21: how tubes are linked: yowo (the protocol's), trimmed, online; or a linker.
        iou: Thresholds: of video-mAP (None: 0.05, 0.1, 0.2, 0.3, 0.5, 0.75), or the one of AVA's mAP (None: 0.5).
        frames: ucf24, jhmdb21: frame-mAP over the `annotated` frames (YOWO's papers), or over `all` frames of the
            videos, where detections on frames without annotation are wrong (ACT, MOC).

    Returns:
        The content of metrics.json: fractions 0..1 by name.

    Raises:
        AnnotationError: A file cannot be used; the message names file and row.
        YowoError: An argument is impossible.
    """
    if protocol == "ava":
        return ava_metrics(*score_ava(detections, annotations, split, videos, exclude, labels, iou))
    return video_metrics(
        score_videos(detections, annotations, protocol, split, videos, labels, linker, iou, frames), protocol
    )
