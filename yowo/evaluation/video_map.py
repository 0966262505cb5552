"""Video-mAP as a torchmetrics Metric: detections of every frame are linked to tubes when it is computed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from yowo.errors import ConfigError
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.key_frame_metric import KeyFrameMetric, spread
from yowo.evaluation.score_details import ScoreDetails
from yowo.evaluation.split_index import SplitIndex
from yowo.evaluation.thresholds import checked_thresholds
from yowo.evaluation.video_protocol import VideoScores, score_table
from yowo.tubes.linking import Linker


class VideoMAP(KeyFrameMetric[VideoScores]):
    """Video-mAP over the videos of a split, every frame of which is a sample; see `yowo.evaluation.video_ap`.

    `attach` must be called before the figures are computed, because only the split knows the video and the frame of a
    sample, and the ground-truth tubes.
    """

    def __init__(
        self,
        classes: Sequence[str],
        linker: Linker,
        iou_thresholds: Sequence[float] | None = None,
        one_class_a_video: bool = True,
        **metric_options: Any,
    ) -> None:
        """Store the arguments.

        Args:
            classes: Names of the C classes, in the order of their 0-based numbers.
            linker: Makes tubes from the detections of a video.
            iou_thresholds: Least spatio-temporal IoU of a true positive; None takes the paper's six and the mean over
                0.50 to 0.95.
            one_class_a_video: The protocol's rule that all ground-truth tubes of a video have the class of its last
                one; False where videos show several actions.
            metric_options: Passed on to `torchmetrics.Metric`, such as `compute_on_cpu`.

        Raises:
            ConfigError: There is no class, a class is listed twice, or a threshold is invalid.
        """
        super().__init__(classes, **metric_options)
        self.linker = linker
        self.iou_thresholds = None if iou_thresholds is None else checked_thresholds(iou_thresholds)
        self.one_class_a_video = one_class_a_video

    def score(self) -> VideoScores:
        """Link the detections and score the tubes.

        Raises:
            ConfigError: The split was not attached.
        """
        return score_table(
            self._table(),
            self._split().truth(),
            self.classes,
            self.linker,
            self.iou_thresholds,
            one_class_a_video=self.one_class_a_video,
        )

    def layout(self, scores: VideoScores) -> dict[str, Any]:
        """Return `video_map`, `video_ap` and `linker` of metrics.json, and frame-mAP by which frames it is over."""
        every = scores.metrics()
        return {name: every[name] for name in ("linker", "frame_map_by_frames", "video_map", "video_ap")}

    def save_detections(self, folder: Path) -> Path:
        """Write the detections as `detections.npz`, the file that `yowo score` reads."""
        path = folder / "detections.npz"
        self.scores.table.save(path)
        return path

    def details(self) -> ScoreDetails:
        """Return the videos whose tubes are found worst."""
        return self.scores.tube_details()

    def _table(self) -> DetectionTable:
        """Return all detections seen as the exchange table, in pixels of the protocol, videos in the order of names.

        Raises:
            ConfigError: The split was not attached.
        """
        split = self._split()
        frames, kept, rows = self._gathered()
        position, counted, scale = spread(frames, frames[:, 3], kept)
        names = [video.name for video in split.videos]
        order = sorted(range(len(names)), key=names.__getitem__)
        place = np.empty(len(names), dtype=np.int64)
        place[order] = np.arange(len(names))
        video, frame = place[split.video[position]], split.frame[position]
        by_frame = np.lexsort((frame, video))
        return DetectionTable(
            videos=tuple(names[index] for index in order),
            num_frames=np.array([split.videos[index].num_frames for index in order], dtype=np.int32),
            video=video[by_frame].astype(np.int32),
            frame=(frame[by_frame] + 1).astype(np.int32),
            cls=rows["detection_labels"][counted][by_frame].astype(np.int32),
            score=rows["detection_scores"][counted][by_frame],
            box=(rows["detection_boxes"][counted] * scale)[by_frame],
        )

    def _split(self) -> SplitIndex:
        if self.split is None:
            raise ConfigError("VideoMAP: attach the split before computing")
        return self.split
